"""The block on attention: shaded words, the plain caption, and nothing of it where texts were not asked for."""

import report_samples

from automl.private import allowed
from automl.report import explained
from automl.report.blocks.texts import attention
from automl.report.html import render

TEXT = explained.AttendedFacts(
    title="A clear case of yes",
    prediction="98 % yes",
    actual="yes",
    pieces=("so <b> ", "lovely ", "a ", "thing"),
    shares=(0.1, 0.6, 0.1, 0.2),
    cut=True,
)
KNOWN = explained.AttentionFacts(share=0.4, agreement=0.05, compared=30, texts=(TEXT,))
WORDS = explained.TextFacts(column="note", texts=30, attention=KNOWN)


def facts(*words):
    return report_samples.binary().model_copy(update={"words": words})


def test_words_are_shaded_and_called_what_they_are():
    block = attention(facts(WORDS))
    ((drawing, caption),) = block.figures
    assert '<mark class="m6">lovely</mark> ' in drawing
    assert "so &lt;b&gt; " in drawing
    assert drawing.count("<mark") == 1  # no more than an even share is not marked
    assert "2.4 times an even one" in caption
    assert "reads no further" in caption
    assert "Attention is not an explanation" in block.limits
    assert "the agreement is close to none" in block.notes[1]
    page = render(facts(WORDS))
    assert "Where it attended" in page
    assert "<b>" not in drawing


def test_an_even_attention_looks_even():
    text = TEXT.model_copy(update={"shares": (0.24, 0.26, 0.25, 0.25)})
    block = attention(facts(WORDS.model_copy(update={"attention": KNOWN.model_copy(update={"texts": (text,)})})))
    assert "<mark" not in block.figures[0][0]


def test_it_is_there_only_where_texts_were_asked_for():
    sections = {"words": (WORDS,), "examples": ()}
    assert allowed(sections, "few", ["note"])["words"][0].attention == KNOWN
    assert allowed(sections, None, ["note"])["words"][0].attention is None
    assert allowed(sections, "none", ["note"])["words"] == ()
    assert attention(facts(WORDS.model_copy(update={"attention": None}))) is None
