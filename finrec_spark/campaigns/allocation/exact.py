"""The campaign as a mixed-integer program of HiGHS: whole for small campaigns, its closest calls for large ones."""

from typing import NamedTuple

import highspy
import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, vstack

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.campaigns.allocation.block import Block
from finrec_spark.campaigns.allocation.prices import rows_used
from finrec_spark.campaigns.allocation.problem import BUDGET, Problem, usage_of, weighted_value
from finrec_spark.errors import FinrecError

_TRIES = 10


class Solved(NamedTuple):
    """Positions of the chosen candidates in order, and the bound that HiGHS proved, in weighted yuan."""

    chosen: Ints
    bound: float


class Effort(NamedTuple):
    """When HiGHS may stop; never by the clock, so that the answer is always the same.

    ``gap`` is a share of what these customers bring, ``gap_yuan`` an amount of it; either suffices.
    """

    gap: float
    gap_yuan: float
    nodes: int


def solve(block: Block, problem: Problem, left: Ints, effort: Effort) -> Solved | None:
    """The best allocation of these customers; none if no allocation keeps every limit.

    Args:
        left: what each row's limit leaves to these customers, in its units; of a minimum, what is still to be reached.
    """
    upper = left.astype(np.float64)
    for _ in range(_TRIES):
        found = _solved(block, problem, upper, effort)
        if found is None:
            return None
        over = problem.signs * (usage_of(block, found.chosen, problem)[problem.resources] - left)
        if (over <= 0).all():
            return found
        upper -= problem.signs * np.where(over > 0, 2 * over, 0)  # HiGHS keeps limits to a tolerance only
    raise FinrecError("HiGHS keeps exceeding a limit by its tolerance; give the budget and the costs in fewer decimals")


def _solved(block: Block, problem: Problem, left: Floats, effort: Effort) -> Solved | None:
    if not len(block.product):
        return Solved(np.zeros(0, np.int64), 0.0) if (problem.signs * left >= 0).all() else None
    value, (matrix, upper) = weighted_value(block, problem.weights), _constraints(block, problem, left)
    solver = _solver(effort)
    solver.passModel(_program(value, matrix, upper))
    solver.run()
    info = solver.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    taken = np.array(solver.getSolution().col_value) > 0.5
    return Solved(np.flatnonzero(taken), info.mip_dual_bound)


def _constraints(block: Block, problem: Problem, left: Floats) -> tuple[csc_matrix, Floats]:
    """Rows of the limits, of each customer's offers and of each product of a customer; all of them ≤."""
    shared = rows_used(block, np.arange(len(block.product)), problem).T
    of_customer = _groups(np.diff(block.owner, prepend=-1) != 0)
    of_product = _groups((np.diff(block.owner, prepend=-1) != 0) | (np.diff(block.product, prepend=-1) != 0))
    several = np.flatnonzero(np.asarray(of_product.sum(axis=1)).ravel() > 1)
    parts = [shared, of_customer, of_product[several]]
    limits = [problem.signs * left, np.full(len(block.sizes), problem.offers), np.ones(len(several))]
    upper = np.concatenate(limits).astype(np.float64)
    unit = np.ones(len(upper))
    unit[np.flatnonzero(problem.resources == BUDGET)] = max(float(np.gcd.reduce(block.cost)), 1.0)
    whole = np.floor(upper / unit) + np.where(unit > 1, 0.5, 0)  # a sum of whole units is below the half or above it
    return (csr_matrix((1 / unit, (np.arange(len(unit)),) * 2)) @ vstack(parts)).tocsc(), whole


def _groups(starts: Bools) -> csr_matrix:
    group = np.cumsum(starts) - 1
    return csr_matrix((np.ones(len(group)), (group, np.arange(len(group)))))


def _program(value: Floats, matrix: csc_matrix, upper: Floats) -> highspy.HighsLp:
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = matrix.shape
    program.sense_ = highspy.ObjSense.kMaximize
    program.col_cost_, program.row_upper_ = value.tolist(), upper.tolist()
    program.col_lower_, program.col_upper_ = [0.0] * len(value), [1.0] * len(value)
    program.row_lower_ = [-highspy.kHighsInf] * len(upper)
    program.integrality_ = [highspy.HighsVarType.kInteger] * len(value)
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
    program.a_matrix_.value_ = matrix.data
    return program


def _solver(effort: Effort) -> highspy.Highs:
    solver = highspy.Highs()
    options = (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("mip_rel_gap", effort.gap),
        ("mip_abs_gap", effort.gap_yuan),
        ("mip_max_nodes", effort.nodes),
    )
    for name, value in options:
        solver.setOptionValue(name, value)
    return solver
