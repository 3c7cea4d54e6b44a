"""Packaging of finrec_spark. Pins are those that were measured to work together; each says why it is here."""

from setuptools import find_packages, setup

RUN = [
    "pyspark==3.5.9",  # Scala 2.12, the one line for which Delta, Spark NLP and Petastorm exist together
    "delta-spark==3.3.3",  # newest for Spark 3.5; its jar has the same version in conf/base.yaml
    "deltalake==1.6.6",  # reads and writes small Delta tables in milliseconds, where Spark asks their logs five queries
    "pyarrow==14.0.2",  # Arrow batches of the scoring pass; Petastorm fails from 15 on
    "numpy==1.26.4",  # below 2 for that pyarrow
    "pandas==2.2.3",  # Spark asks for it wherever Arrow is used
    "scipy==1.14.1",  # sparse matrix products of the similarity models
    "scikit-learn==1.5.2",  # the reference that response models are measured beside; works with that numpy and scipy
    "lightgbm==4.5.0",  # boosted trees, which MLlib has no fast ones of; works with that numpy and scipy
    "statsmodels==0.15.0",  # what a campaign will be able to see; works with that numpy and pandas
    "highspy==1.11.0",  # HiGHS: exact allocation of small campaigns and closest calls; from 1.12 on it greets on stdout
    "sqlglot==30.30.0",  # reads a policy's conditions, so that they can be refused before Spark sees them
    "pydantic==2.10.6",  # the configuration: types, ranges, unknown keys, all faults at once
    "PyYAML==6.0.2",  # reads conf/*.yaml
    "Babel==2.18.0",  # reads the catalogues of finrec_spark/messages as a translator leaves them, nothing compiled
    "google-re2==1.1.20251105",  # the lint's wording: hundreds of alternatives in one pass, no backtracking on any text
    "OpenCC==1.4.2",  # traditional to simplified Chinese, so that the lint's rules are written once
    "confusable_homoglyphs==3.3.1",  # Unicode's table of letters that look alike
    "linkify-it-py==2.2.0",  # finds links as mail and chat programs do, also those without http
    "publicsuffixlist==1.1.2.20261023",  # which part of a host somebody registered; brings its list along
    "phonenumbers==9.0.43",  # which digits are a phone number, by country
    "email-validator==2.4.0",  # the domain of an email address, also an international one
    "rich==13.9.4",  # progress and tables on the screen
    "Jinja2==3.1.6",  # the report's page: a template that escapes what it is given
    "MarkupSafe==3.0.4",  # what that template takes for text and what for markup
    "plotly==6.5.0",  # the report's charts; brings its JavaScript along, so the page needs no network
    "charset-normalizer==3.5.3",  # guesses the encoding of a file that is not UTF-8, for the line that refuses it
    "python-json-logger==3.2.1",  # --log-format json
]
NLP = ["spark-nlp==5.5.3"]  # text features
TRAINING = [
    "torch==2.15.0",  # the recurrent network
    "petastorm==0.12.1",  # feeds it; 0.13.1 loses rows without an error
]
TUNING = ["optuna==5.0.0"]  # proposes the parameters of the job tune's trials and keeps them in a file
DEV = [
    "pytest==8.3.4",
    "chispa==0.10.1",  # compares DataFrames with readable differences
    "jsonschema==4.26.0",  # holds the lint's SARIF against what its viewers need
    "hypothesis==6.123.2",  # properties over generated inputs
    "scikit-uplift==0.5.1",  # the Qini and AUUC that ours are held against
    "ruff==0.9.2",
    "mypy==1.14.1",
    "types-PyYAML==6.0.12.20241230",
    "matplotlib==3.10.0",  # the notebook's plots
    "nbclient==0.10.2",  # executes the notebooks
    "ipykernel==6.29.5",  # the kernel they run on
]

setup(
    name="finrec_spark",
    version="0.1.0",
    description="Financial product recommendations and monthly campaigns on Apache Spark and Delta Lake",
    python_requires="==3.11.*",
    packages=find_packages(include=["finrec_spark", "finrec_spark.*"]),
    package_data={
        "finrec_spark.messages": ["locale/*/*.po"],
        "finrec_spark.evaluation.report": ["templates/*"],
    },
    install_requires=RUN,
    extras_require={"nlp": NLP, "training": TRAINING, "tuning": TUNING, "dev": DEV},
)
