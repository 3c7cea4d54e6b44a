"""Sentences in the languages of the bank's readers, from gettext catalogues that a translator can edit."""

from finrec_spark.messages.catalogues import Language, languages, texts

__all__ = ["Language", "languages", "texts"]
