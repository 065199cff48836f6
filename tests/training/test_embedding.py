"""The making of the embedder: what it learns from, and the whole way in miniature."""

import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest

from recoder_lsp.index.store.embedder import BagTokenizer, StaticEmbedder
from recoder_lsp.training import __main__ as pipeline
from recoder_lsp.training import embedding_evaluate, embedding_examples, embedding_pairs, embedding_tokenizer, embedding_train
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.embedding_documentation import first_sentence
from recoder_lsp.training.embedding_examples import Example

PYTHON = '''"""Reads and writes settings."""

import toml


class Store:
    """Keeps settings in a file."""

    suffix = ".toml"

    @property
    def path(self):
        """Where the file is.

        It need not exist.
        """
        return self.folder / self.suffix

    async def load(self):
        text = self.path.read_text()
        # an empty file has no settings at all
        if not text:
            return {}
        return toml.loads(text)


def first_store():
    return Store().load()
'''
SCRIPT = """/**
 * Talks to the server.
 */
import http from 'http'

/**
 * Sends one message. Waits for the {@link Answer}.
 * @param {string} text - what to say
 * @returns {Promise<Answer>}
 */
export async function sendMessage(text, options) {
  // give up when nobody has answered
  const timer = setTimeout(giveUp, options.timeout)
  if (timer) {
    await http.post(text)
  }
}

export const answerOf = (message) => {
  return message.answer
}

class Queue extends List {
  /** Adds to the end. */
  push(item) {
    if (this.full) {
      throw new Error('full')
    }
    this.items.push(item)
  }
}

sendMessage('hello')
"""


def examples(text: str, language: str = "python") -> dict[str, Example]:
    """What is found in a file, by name; comments by what they say."""
    found = embedding_examples.of_package([Document("pypi:p", "folder/file.py", language, text)])
    return {example.name or example.documentation: example for example in found}


def test_python_functions_and_classes_are_found_without_their_docstrings():
    found = examples(PYTHON)

    assert list(found) == ["an empty file has no settings at all", "Store", "Store.path", "Store.load", "first_store", "folder file"]
    assert found["Store.path"].documentation == "Where the file is.\n\nIt need not exist."
    assert found["Store.path"].body == "    @property\n    def path(self):\n        return self.folder / self.suffix"
    assert "async def load(self):" in found["Store"].body
    assert "read_text" not in found["Store"].body
    assert found["folder file"].body == "Store\npath\nload\nfirst_store"


def test_a_comment_is_about_the_lines_below_it():
    assert (
        examples(PYTHON)["an empty file has no settings at all"].body
        == "        if not text:\n            return {}\n        return toml.loads(text)"
    )


def test_functions_and_classes_of_scripts_are_found_up_to_their_braces():
    found = examples(SCRIPT, "javascript")

    assert {"sendMessage", "answerOf", "Queue", "Queue.push", "give up when nobody has answered"} <= set(found)
    assert found["sendMessage"].documentation.startswith("Sends one message. Waits")
    assert found["sendMessage"].documentation.endswith("@returns {Promise<Answer>}")
    assert found["sendMessage"].body.startswith("export async function sendMessage")
    assert found["sendMessage"].body.endswith("  }\n}")
    assert found["answerOf"].body == "export const answerOf = (message) => {\n  return message.answer\n}"
    assert found["Queue.push"].documentation == "Adds to the end."
    assert found["Queue.push"].body.endswith("this.items.push(item)\n  }")
    assert "if" not in found


def test_typescript_types_are_found():
    found = examples(
        "/** How far it is. */\nexport interface Distance {\n  metres: number\n}\n\nexport enum Side {\n  left,\n}\n", "typescript"
    )

    assert found["Distance"].body == "export interface Distance {\n  metres: number\n}"
    assert found["Distance"].documentation == "How far it is."
    assert "Side" in found


def test_lines_that_call_a_function_are_remembered():
    assert examples(SCRIPT, "javascript")["sendMessage"].calls == ("\nsendMessage('hello')\n",)
    assert examples(PYTHON)["Store.load"].calls == ("def first_store():\n    return Store().load()\n",)


GO = """// Package queue holds what waits.
package queue

// Queue holds jobs that
// wait to be run.
type Queue struct {
	jobs []Job
}

// Push adds a job at the end.
func (q *Queue) Push(job Job) error {
	// a queue that is closed takes nothing
	if q.closed {
		return errClosed
	}
	return nil
}
"""
RUST = """//! Queues of jobs to run.

/// Jobs that wait.
#[derive(Debug)]
pub struct Queue<T> {
    jobs: Vec<T>,
}

impl<T> Queue<T> {
    /// Adds a job at the end.
    #[inline]
    pub(crate) fn push<F>(&mut self, job: F) -> Result<()>
    where
        F: Into<T>,
    {
        self.jobs.push(job.into());
        Ok(())
    }
}
"""
JAVA = """package p;

/** Holds the jobs that wait. */
public final class Queue<T> extends Base {
    private int size = 3;

    /**
     * Adds a job at the end.
     *
     * @param job what to do
     */
    @Override
    public <S extends T> boolean push(S job,
            int priority) {
        return jobs.add(job);
    }

    int size();
}
"""
C = """/* Jobs that wait for a turn. */
struct queue {
    int n_jobs;
};

int push(struct queue *queue, int job);

/*
 * push - add a job at the end
 */
static int
push(struct queue *queue, int job)
{
    /* a queue that is full takes nothing */
    if (queue->n_jobs == MAX)
        goto full;
    return 0;
full:
    return -1;
}

void run(struct queue *queue) {
    push(queue, 1);
}
"""


def test_functions_and_types_of_go_are_found_with_the_comments_above_them():
    found = examples(GO, "go")

    assert set(found) == {"Queue", "Queue.Push", "a queue that is closed takes nothing", "folder file"}
    assert found["Queue"].sentence == "holds jobs that wait to be run."
    assert found["Queue.Push"].sentence == "adds a job at the end."
    assert found["Queue.Push"].body.endswith("return nil\n}")
    assert found["folder file"].documentation == "Package queue holds what waits."


def test_functions_and_types_of_rust_are_found_through_their_attributes():
    found = examples(RUST, "rust")

    assert set(found) == {"Queue", "Queue.push", "folder file"}
    assert found["Queue"].documentation == "Jobs that wait."
    assert found["Queue.push"].sentence == "Adds a job at the end."
    assert found["Queue.push"].body.endswith("Ok(())\n    }")


def test_classes_and_methods_of_java_are_found():
    found = examples(JAVA, "java")

    assert set(found) == {"Queue", "Queue.push", "Queue.size"}
    assert found["Queue.push"].documentation == "Adds a job at the end.\n\n@param job what to do"
    assert found["Queue.push"].body.endswith("return jobs.add(job);\n    }")
    assert "jobs.add" not in found["Queue"].body


def test_functions_and_types_of_c_are_found_but_no_prototypes():
    found = examples(C, "c")

    assert set(found) == {"queue", "push", "run", "a queue that is full takes nothing"}
    assert found["push"].sentence == "add a job at the end"
    assert found["push"].body.startswith("static int\npush(struct queue")
    assert found["push"].body.endswith("return -1;\n}")
    assert found["push"].calls == ("void run(struct queue *queue) {\n    push(queue, 1);\n}",)


def test_a_name_is_left_out_as_a_whole_word():
    assert embedding_pairs.without_name("def add(a):\n    return add_all(add)", "add") == "def  (a):\n    return add_all( )"


@pytest.mark.parametrize(
    ("documentation", "sentence"),
    [
        ("Return the first line. Then more.", "Return the first line."),
        ("Return the first\n    line of it\n\n    Then more", "Return the first line of it"),
        ("Parse e.g. a path of this kind.\n\nArgs:\n    x", "Parse e.g. a path of this kind."),
        ("Read a :class:`Path` from it\n:param x: none", "Read a `Path` from it"),
        ("Sends the {@link Message} away now", "Sends the Message away now"),
        ("Too short", ""),
        ("x = f(a) + g[b] * {c: 1}", ""),
        ("Licensed under the MIT licence as it is", ""),
        ("", ""),
    ],
)
def test_the_first_sentence_of_a_docstring(documentation, sentence):
    assert first_sentence(documentation) == sentence


def test_code_that_does_not_parse_still_has_its_comments():
    assert list(examples("def f(:\n    # look into each folder below it\n    walk(folder)\n")) == ["look into each folder below it"]


def function(package: str, number: int) -> Example:
    return Example(package, "python", "a.py", "function", f"f{number}", f"def f{number}():\n    a\n    b", f"Say what number {number} is.")


def test_the_test_packages_hold_those_kept_away_before_and_none_that_was_learnt_from():
    every = [function(f"pypi:{package}", number) for package in range(100) for number in range(20)]
    earlier = {"test": ["pypi:1"], "development": ["pypi:2"]}
    learnt = {f"pypi:{package}" for package in range(10)}

    reserved = embedding_pairs.reserved(every, {"pypi:3", "npm:none"}, earlier, learnt)

    assert {"pypi:1", "pypi:3", "npm:none"} <= set(reserved["test"])
    assert "pypi:2" in reserved["development"]
    assert not {f"pypi:{package}" for package in (0, *range(4, 10))} & {*reserved["test"], *reserved["development"]}
    assert 880 <= 20 * (len(reserved["test"]) - 1) <= 900
    assert 400 <= 20 * len(reserved["development"]) < 420
    assert not set(reserved["test"]) & set(reserved["development"])
    assert reserved == embedding_pairs.reserved(every, {"pypi:3", "npm:none"}, earlier, learnt)


def test_the_test_set_has_no_question_and_no_body_twice():
    twice = [function("pypi:a", 1), function("pypi:b", 1), function("pypi:b", 2)]

    assert len(embedding_pairs.test_set(twice)) == 2


def test_what_is_tested_is_not_learnt_from_a_copy_in_another_package():
    tokenizer = BagTokenizer(embedding_tokenizer.train([function("pypi:a", number) for number in range(50)], 100))

    table = embedding_pairs.Table.of([function("pypi:a", 1), function("pypi:a", 2)], tokenizer, [function("pypi:b", 1)])

    assert len(table.kinds) == 1


def test_words_and_meaning_are_ranked_by_where_the_right_document_comes():
    values = np.array([[0.9, 0.1, 0.0], [0.5, 0.4, 0.3], [0.2, 0.2, 0.2]])

    assert embedding_evaluate.Scores("", values).reciprocal_ranks().tolist() == pytest.approx([1, 1 / 2, 1 / 3])


def test_bm25_prefers_what_has_the_rare_word():
    documents = [["read", "the", "file"], ["read", "the", "socket"], ["read", "the", "other", "long", "text", "file"]]

    scores = embedding_evaluate.bm25(["the readFile", "socket"], documents)

    assert scores[0].argmax() == 0
    assert scores[1].argmax() == 1
    assert scores[1, 0] == 0


def test_the_tokenizer_cuts_a_word_into_the_longest_tokens_that_it_knows():
    learnt = [Example("p", "python", "a.py", "function", "", "file name fileName FILE_NAME " + " ".join("abc"), "") for _ in range(100)]
    serialised = embedding_tokenizer.train(learnt, 100)

    vocabulary = json.loads(serialised)["model"]["vocab"]
    bags = BagTokenizer(serialised).bags(["filename fileName", "file"])

    assert bags.tokens[:2].tolist() == sorted([vocabulary["file"], vocabulary["name"]])
    assert bags.counts.tolist() == [2, 2, 1]
    assert bags.ends.tolist() == [2, 3]


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """A work folder in which every step has run once: made-up packages, in which verbs and nouns name what is done."""
    work = tmp_path_factory.mktemp("embedding")
    chance = random.Random(1)
    verbs = {"read": "open", "remove": "unlink", "send": "post", "count": "total", "join": "concatenate", "sort": "ordered"}
    nouns = {"file": "handle", "message": "packet", "user": "account", "number": "digits", "image": "pixels", "word": "letters"}
    with gzip.open(work / "corpus.jsonl.gz", "wt") as lines:
        for package in range(24):
            for number in range(8):
                functions = []
                for verb, noun in (pair for pair in ((v, n) for v in verbs for n in nouns) if chance.random() < 0.4):
                    functions.append(
                        f'def {verb}_{noun}_{number}(given):\n    """{verb.title()} each {noun} of part {number}."""\n'
                        f"    {nouns[noun]} = {verbs[verb]}(given)\n    check({nouns[noun]}, {number})\n    return {verbs[verb]}\n"
                    )
                document = Document(f"pypi:p{package}", f"m{number}.py", "python", "\n\n".join(functions))
                lines.write(json.dumps(document.__dict__) + "\n")
    small = pytest.MonkeyPatch()
    small.setattr(embedding_pairs, "TEST_FUNCTIONS", 100)
    small.setattr(embedding_pairs, "DEVELOPMENT_FUNCTIONS", 50)
    try:
        pipeline.main([str(work), "embedding-pairs"])
        pipeline.main(
            [str(work), "embedding-train", str(work / "model"), "--steps", "60", "--batch", "128", "--dimensions", "32", "--threads", "1"]
        )
    finally:
        small.undo()
    return work


def test_what_was_trained_finds_functions_of_packages_that_it_has_not_seen(work, capsys):
    pipeline.main([str(work), "embedding-evaluate", str(work / "model")])

    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| **recoder-embedding** |"))
    assert float(row.split("|")[2]) > 0.5


def test_the_result_is_a_model_of_sentence_transformers_that_reads_the_same_without_it(work):
    from sentence_transformers import SentenceTransformer

    library = SentenceTransformer(str(work / "model"), device="cpu", local_files_only=True, trust_remote_code=True)

    texts = ["Read each file", "def send_message(given): ..."]
    assert library.encode(texts) == pytest.approx(StaticEmbedder.load(work / "model").queries(texts), abs=1e-5)


def test_two_views_of_one_example_are_no_negatives_of_each_other():
    import torch

    plan = embedding_train.Plan(dimensions=4, brief=False)
    queries, documents = torch.eye(4)[[0, 1, 0]], torch.eye(4)[[0, 1, 0]]
    same = torch.tensor([[False, False, True], [False, False, False], [True, False, False]])

    assert embedding_train.loss_of(queries, documents, plan, same) < embedding_train.loss_of(queries, documents, plan) - 0.3


def test_the_loss_is_that_of_sentence_transformers(work):
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import losses

    library = SentenceTransformer(str(work / "model"), device="cpu", local_files_only=True, trust_remote_code=True)
    directions = ("query_to_doc", "doc_to_query")
    ranking = losses.MultipleNegativesRankingLoss(library, scale=20.0, directions=directions, partition_mode="per_direction")
    chance = torch.Generator().manual_seed(1)
    queries, documents = (torch.nn.functional.normalize(torch.randn(16, 32, generator=chance)) for _ in range(2))

    whole = ranking.compute_loss_from_embeddings([queries, documents], None)
    half = ranking.compute_loss_from_embeddings([queries[:, :16], documents[:, :16]], None)

    plan = embedding_train.Plan(dimensions=32, brief=False)
    own = embedding_train.loss_of(queries, documents, plan)
    assert own.item() == pytest.approx((whole + plan.half_weight * half).item(), abs=1e-4)


def test_the_manifest_of_the_run_says_what_was_spent(work):
    run = json.loads((work / "embedding-run.json").read_text())

    assert run["steps"] == 60
    assert run["pairs"] == 60 * run["batch"]
    assert run["operations"] > 0
    assert set(json.loads((work / "embedding-reserved.json").read_text())) == {"test", "development"}
