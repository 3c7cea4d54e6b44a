import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from finrec_spark import messages
from finrec_spark.messages.catalogues import faults
from finrec_spark.pipeline.config import load_config
from finrec_spark.ranking.reasons import CODES

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "finrec_spark/messages/locale"
CONF = ROOT / "conf/local.yaml"
SAY = """
from pydantic import TypeAdapter
from finrec_spark.messages import Language, languages, texts
try:
    language = TypeAdapter(Language).validate_python("xx")
    print(languages(), texts(language)["feature.age"])
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("language", messages.languages())
def test_every_language_has_every_id_with_the_same_placeholders(language):
    assert faults(language) == []


@pytest.mark.parametrize("language", messages.languages())
def test_every_reason_has_a_sentence_and_no_sentence_is_of_an_unknown_reason(language):
    codes = {name.split(".")[1] for name in messages.texts(language) if name.startswith("reason.")}
    assert codes == set(CODES)


@pytest.mark.parametrize("language", messages.languages())
def test_every_text_tells_its_translator_what_it_is_for(language):
    entries = (LOCALE / language / "reasons.po").read_text(encoding="utf-8").split("\n\n")[1:]
    assert [entry for entry in entries if not entry.startswith("#. ")] == []


def test_a_language_is_there_when_its_catalogue_is_and_in_a_zip_too(tmp_path):
    catalogue = (LOCALE / "en/reasons.po").read_text(encoding="utf-8").replace('"age"', '"winters"')
    said = said_by_package(tmp_path, xx=catalogue)
    assert "'xx'" in said
    assert said.endswith(" winters")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('msgstr "age"', 'msgstr ""', "feature.age is not translated"),
        ("as {product}", "as {prodct}", "reason.close_product.particular wants {product}"),
        ('msgid "feature.age"', 'msgid "feature.aeg"', "feature.aeg is not known"),
        ('msgstr "age"', 'msgtxt "age"', "not a gettext catalogue"),
    ],
)
def test_a_broken_catalogue_is_refused_with_the_id(tmp_path, old, new, fault):
    catalogue = (LOCALE / "en/reasons.po").read_text(encoding="utf-8").replace(old, new)
    assert fault in said_by_package(tmp_path, xx=catalogue)


def test_an_unknown_language_is_refused_with_those_there_are():
    with pytest.raises(ValidationError, match="no catalogue in the language 'fr'; there are: .*en.*"):
        TypeAdapter(messages.Language).validate_python("fr")


def test_the_configuration_refuses_an_unknown_language_in_one_line():
    with pytest.raises(Exception, match=r"^[^\n]*recommend.language: [^\n]*no catalogue[^\n]*$"):
        load_config(CONF, {"recommend": {"language": "fr"}})


def said_by_package(folder, **catalogues):
    """What a package in a zip, with further catalogues, says of the language xx."""
    archive = folder / "code.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for source in (ROOT / "finrec_spark").rglob("*.p[yo]"):
            out.write(source, source.relative_to(ROOT))
        for language, text in catalogues.items():
            out.writestr(f"finrec_spark/messages/locale/{language}/reasons.po", text)
    command = [sys.executable, "-P", "-c", SAY]
    done = subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(archive)}, text=True, capture_output=True)
    return (done.stdout + done.stderr).strip()
