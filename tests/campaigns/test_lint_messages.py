"""The job lint_messages: what it reads, writes and ends with."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from finrec_spark.campaigns.messages.bank import Bank
from finrec_spark.campaigns.messages.inputs import read_messages
from finrec_spark.campaigns.messages.rules import RULES
from finrec_spark.pipeline.cli import LocalCommand, main
from jobs import lint_messages

ROOT = Path(__file__).parents[2]
GOOD = "Finrec Bank: a new card, see our app. Reply STOP to opt out."
BAD = "您的账户将被冻结,\n请点击链接输入密码。"
SARIF = {  # the parts of SARIF 2.1.0 that viewers need
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "results": {
                        "items": {
                            "required": ["ruleId", "level", "message", "locations"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": {"required": ["text"]},
                                "locations": {
                                    "items": {
                                        "required": ["physicalLocation"],
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation", "region"],
                                                "properties": {
                                                    "region": {
                                                        "required": ["startLine", "startColumn"],
                                                        "properties": {"startLine": {"minimum": 1}},
                                                    }
                                                },
                                            }
                                        },
                                    }
                                },
                            },
                        }
                    }
                },
            },
        },
    },
}


@pytest.fixture
def lint(tmp_path, capsys):
    """Runs the job; exit code, standard output, standard error."""

    def run(*options):
        conf = tmp_path / "conf.yaml"
        conf.write_text(f"log_dir: {tmp_path / 'logs'}\n")
        command = LocalCommand("lint_messages", "", lint_messages.run, lint_messages.add_options)
        code = main(command, ["--conf", str(conf), *map(str, options)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def file(tmp_path):
    """Writes a file; its path."""

    def write(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def test_a_clean_message_ends_with_0_and_says_how_many_were_judged(lint, file):
    code, out, err = lint(file("good.txt", GOOD))
    assert (code, out) == (0, "")
    assert err.rstrip().endswith("1 messages and templates judged, none is blocked")


def test_a_blocked_message_ends_with_4_and_says_what_where_and_what_to_do(lint, file):
    code, out, err = lint(file("bad.txt", BAD))
    assert code == 4
    wanted = RULES["M107"]
    assert f"bad.txt:2:2: M107 error: {wanted.wrong} – “点击”; {wanted.remedy}\n" in out
    assert "1 of 1 messages are blocked: " in err


def test_json_names_code_level_place_and_remedy(lint, file):
    code, out, _ = lint(file("bad.txt", BAD), "--format", "json")
    found = {one["code"]: one for one in json.loads(out)}
    assert code == 4
    assert found["M101"]["level"] == "error"
    assert (found["M101"]["line"], BAD[found["M101"]["start"] : found["M101"]["end"]]) == (2, "请点击链接输入密码")
    assert found["M101"]["remedy"] == RULES["M101"].remedy


def test_sarif_has_every_rule_and_a_result_for_every_finding(lint, file):
    _, out, _ = lint(file("bad.txt", BAD), file("good.txt", GOOD), "--format", "sarif")
    log = json.loads(out)
    jsonschema.validate(log, SARIF)
    run = log["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(RULES)
    assert all(run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    _, lines, _ = lint(file("bad.txt", BAD), "--format", "json")
    assert [one["ruleId"] for one in run["results"]] == [one["code"] for one in json.loads(lines)]


@pytest.mark.parametrize("kind", ["json", "sarif"])
def test_a_clean_report_is_whole_too(lint, file, kind):
    code, out, _ = lint(file("good.txt", GOOD), "--format", kind)
    assert (code, json.loads(out) if kind == "json" else json.loads(out)["runs"][0]["results"]) == (0, [])


def test_findings_go_to_a_file_where_one_is_named(lint, file, tmp_path):
    code, out, _ = lint(file("bad.txt", BAD), "--format", "json", "--output", tmp_path / "report.json")
    assert (code, out) == (4, "")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))


def test_rows_of_a_table_are_judged_by_their_own_channel_and_named_by_their_number(lint, file):
    text = "text,channel\nFinrec Bank: see our app.,app\nFinrec Bank: see our app.,sms\n"
    code, out, _ = lint(file("rows.csv", text))
    assert code == 4
    assert [line.split(": ")[1].split()[0] for line in out.splitlines()] == ["M405"]
    assert "rows.csv:3:1 (row 2): M405" in out


def test_a_sender_id_that_is_not_registered_is_blocked(lint, file):
    rows = [{"text": GOOD, "sender": "FinrecBank"}, {"text": GOOD, "sender": "Finrec"}]
    code, out, _ = lint(file("rows.jsonl", "\n".join(map(json.dumps, rows))))
    assert code == 4
    assert out.startswith(str(file("rows.jsonl", "")) + ":2:1 (row 2): M408 ") and out.count("\n") == 1


def test_a_table_is_read_row_by_row(file):
    path = file("rows.jsonl", json.dumps({"text": GOOD}) + "\nno json\n")
    messages = read_messages(path, Bank(), "sms")
    assert next(messages).findings == ()
    with pytest.raises(Exception, match=r"rows.jsonl:2: is not JSON"):
        next(messages)


def test_a_catalogue_is_judged_template_by_template(lint, file):
    text = "language: en\ntemplates:\n  - {id: one, channel: app, body: 'Finrec Bank: {price}, see our app.'}\n"
    code, out, _ = lint(file("en.yaml", text))
    assert code == 4
    assert "en.yaml:3:1 (one): M502 error: " in out


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("rows.csv", "message\nhello\n", "has no column text"),
        ("rows.jsonl", '["a"]', "expected an object"),
        ("rows.jsonl", '{"text": 5}', "row 1 has no text"),
        ("rows.jsonl", '{"text": "a", "channel": "fax"}', "channel 'fax'"),
        ("en.yaml", "language: en", "templates: "),
        ("en.yaml", "language: en\ntemplates: []\nlanguage: zh", "line 3: key language stands twice"),
    ],
)
def test_a_faulty_file_ends_with_2_in_one_line(lint, file, name, text, fault):
    code, _, err = lint(file(name, text))
    assert code == 2
    assert fault in err and err.count("\n") == 1


def test_a_bank_with_a_key_twice_ends_with_2_in_one_line(lint, file):
    bank = file("bank.yaml", "names: {en: [One]}\nnames: {en: [Other]}\n")
    code, _, err = lint(file("a.txt", "Hello"), "--bank", bank)
    assert code == 2 and "line 2: key names stands twice" in err and err.count("\n") == 1


def test_a_file_that_is_no_text_ends_with_2(lint, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    assert lint(tmp_path / "a.txt")[0] == 2


def test_a_missing_file_ends_with_3_before_anything_is_said(lint, file, tmp_path):
    code, out, err = lint(file("bad.txt", BAD), tmp_path / "none.txt")
    assert (code, out) == (3, "")
    assert "none.txt" in err


@pytest.mark.parametrize("options", [("--format", "xml"), ("--channel", "fax"), ("--profile", "mars"), ()])
def test_bad_usage_ends_with_2(lint, options):
    assert lint(*options)[0] == 2


def test_the_bank_and_its_market_can_be_named(lint, file):
    bank = file(
        "bank.yaml", "names: {en: [Other Bank]}\ndomains: [other.example]\nunsubscribe: https://other.example/o\n"
    )
    text = "Other Bank: see https://other.example/cards or our app. Reply STOP to opt out."
    assert lint(file("a.txt", text), "--bank", bank)[0] == 4
    assert lint(file("a.txt", text), "--bank", bank, "--profile", "one_link")[0] == 0
    assert lint(file("a.txt", text), "--bank", bank.with_name("none.yaml"))[0] == 3


def test_the_job_starts_no_spark_and_judges_the_shipped_templates():
    code = (
        "import sys, runpy; sys.argv = ['lint_messages', '--conf', 'conf/local.yaml']\n"
        "try: runpy.run_path('jobs/lint_messages.py', run_name='__main__')\n"
        "except SystemExit as ended:\n"
        "    from pyspark.sql import SparkSession\n"
        "    sys.exit(ended.code or (7 if SparkSession.getActiveSession() else 0))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
