"""Calls of every verb that give every option: a new option needs one here."""

from typing import NamedTuple

from lexgraft.models.number_format import computes_mixed


class Call(NamedTuple):
    """A command line without `lexgraft`, what must be called before, and how it ends."""

    line: str
    before: tuple[str, ...] = ()
    status: int = 0
    slow: bool = False
    stub: str = ""  # a public function that notes what it is given instead of working


MERGED = ("merge recipe.yaml merged",)
GROWTH = "--terms terms.csv --text notes.txt --general-text general.txt"
MODELS = "--base base --language-model language --domain-model domain"
LANGUAGES = "--from en --to ja"
GO_ON = "--leave-out-refused"
KEY = ("key keys.jsonl alice",)
CALLS = (
    Call("adopt project.yaml --underpowered --json", slow=True),
    Call(
        "adopt project.yaml --device cuda:1 --dtype bfloat16 --threads 3 --gpus-per-model 2 "
        "--memory-gb 20",
        stub="adopt",
    ),
    Call("adopt project.yaml --download --open-sealed --underpowered --json", stub="adopt"),
    Call(
        f"init {MODELS} --terms many.csv --no-header --column 1=id --column '2=term en' "
        "--column '3=term ja' --separator ';' --encoding utf-8 --cells lines=one "
        "--source-language en --target-language ja -o made.yaml --download --json",
        slow=True,
    ),
    Call(
        f"init {MODELS} --terms many.xlsx --sheet Many --header-rows 2 --status '?=pending' "
        "--source-language en --target-language ja --leave-out-refused -o new.yaml",
        slow=True,
    ),
    Call("plan project.yaml --download"),
    Call("plan project.yaml --json --device cpu --dtype float32 --threads 1 --memory-gb 9"),
    Call("plan project.yaml --device cpu --gpus-per-model 2", status=2),
    Call("terms import terms.csv -o out.jsonl --json"),
    Call(
        "terms import table.csv other.tbx -o out.jsonl --project project.yaml --languages en,ja "
        "--column 原語='term en' --column 訳='term ja' --separator '|' --language ja "
        "--reliability 2 --source mine --source-version 1 --licence CC0-1.0"
    ),
    Call(
        "terms import table.csv -o out.jsonl --no-header --encoding utf-8 --column '1=term en' "
        "--column '2=term ja' --cells brackets=take"
    ),
    Call("terms import book.xlsx -o out.jsonl --sheet Terms --header-rows 2 --status '?=pending'"),
    Call("terms lint terms.csv --common-words words.txt --leave-out-refused --json"),
    Call("terms join terms.csv other.csv -o out.jsonl --all --leave-out-refused --json"),
    Call(f"terms export terms.csv --format utx {LANGUAGES} --date 2025-02-17 -o out.utx --json"),
    Call("terms export terms.csv --format tbx -o out.tbx --leave-out-refused"),
    Call("testset project.yaml -o testset --json"),
    Call(
        "testset project.yaml -o testset --lm-eval-tasks tasks --split choose --tokenizer base",
    ),
    Call(
        "merge recipe.yaml merged --json --seed 7 --download --memory 96M --workers 1 "
        "--allow-nonfinite --check-answers --device cpu"
    ),
    Call("merge recipe.yaml -o merged --dry-run --json"),
    Call("merge recipe.yaml -o merged --engine ray --address local --workers 1", slow=True),
    Call("merge project.yaml merged --method ties --json"),
    Call("merge project.yaml merged --dry-run"),
    Call("diagnose recipe.yaml --json --seed 7 --download"),
    Call("diagnose project.yaml --method linear --html heat.html"),
    Call("diagnose project.yaml --probe", slow=True),
    Call(
        "diagnose project.yaml --probe --device cpu --dtype float32 --threads 1 --memory-gb 9 "
        "--gpus-per-model 2",
        status=2,
    ),
    Call("verify merged", before=MERGED),
    Call("verify merged --json", before=MERGED),
    Call("extract base domain -o adapter --rank 2 --download --json"),
    Call(
        f"vocabulary plan base {GROWTH} --held-out notes.txt --donor domain --tokens 40 "
        "--pieces 9 --least 0.5 --common 1000000 --json"
    ),
    Call(
        f"vocabulary extend base {GROWTH} --held-out notes.txt --donor domain --tokens 40 "
        "--pieces 30 --least 0.5 --common 1000000 --rows mean --pad-to-multiple-of 8 "
        "-o grown --json"
    ),
    Call(
        f"vocabulary extend base {GROWTH} --common 1000000 --tokens 9 -o grown "
        "--distil 1 --read notes.txt --ahead 2 --fit-dtype bfloat16 --threads 1",
        status=0 if computes_mixed() else 2,
        slow=True,
    ),
    Call(
        f"vocabulary extend base {GROWTH} --common 1000000 --tokens 9 -o grown --suppress --bits "
        "--device cpu",
        slow=True,
    ),
    Call("vocabulary align base domain -o aligned --check-answers --json"),
    Call(
        "vocabulary align base domain -o aligned --policy union --token a=domain "
        "--choices choices.yaml --general-text texts.jsonl --pad-to-multiple-of 8"
    ),
    Call("evaluate base --items questions.jsonl --json", slow=True),
    Call("evaluate base --project project.yaml -o out --download --json", slow=True),
    Call(
        "evaluate base --items testset --split choose --written --defined --aligned "
        "--scorer domain --judge ./judge --labels labels.jsonl --texts texts.jsonl "
        "--drift-from domain --general --tasks arc --task-files tasks --limit 3 --base domain "
        "--threads 1 --dtype bfloat16 --device cuda --gpus-per-model 2 --prompt chat "
        "--system-prompt Short. --download -o out --json",
        stub="evaluate",
    ),
    Call(
        "evaluate http://h/v1#m --items testset --server-kind vllm --check-against base -o out",
        stub="evaluate",
    ),
    Call(
        "compare --lm-eval logs/org__model-a logs/org__model-b --metric acc --against org__model-a "
        "--group tiny --alpha 0.1 --margin 0.1 --show 1 -o comparison.json",
        stub="compare",
    ),
    Call("compare --lm-eval logs/org__model-a logs/org__model-b --json"),
    Call("compare run other --split choose --parents G=a --json", stub="compare"),
    Call(f"glossary lint terms.csv {LANGUAGES} {GO_ON} --json"),
    Call(
        f"glossary match terms.csv letter.txt {LANGUAGES} {GO_ON} --encoding utf-8 --lemmas "
        "--case fold --edges --json"
    ),
    Call("glossary match terms.csv letter.txt --compiled", slow=True),
    Call(
        f"glossary prompt terms.csv letter.txt {LANGUAGES} {GO_ON} --encoding utf-8 --lemmas "
        "--case fold --entries 1 --block-tokens 100 --definitions --json"
    ),
    Call("glossary prompt terms.csv letter.txt --compiled", slow=True),
    Call(
        f"glossary check terms.csv answer.txt {LANGUAGES} {GO_ON} --encoding utf-8 --lemmas "
        "--case fold --question letter.txt --json",
        status=1,
    ),
    Call("glossary check terms.csv answer.txt --compiled", slow=True),
    Call("glossary check terms.csv answer.txt letter.txt --html check.html"),
    Call("glossary check terms.csv answer.txt --question letter.txt --xlsx check.xlsx", status=1),
    Call(
        f"serve name --upstream http://127.0.0.1:9/v1 --glossary terms.csv {LANGUAGES} "
        f"{GO_ON} --lemmas --case fold --compiled --entries 2 --block-tokens 100 --definitions "
        "--repair "
        "--host localhost --port 0 --keys keys.jsonl --concurrent 2 --per-minute 3 --max-tokens 9 "
        "--max-body 999 --timeout 3 --max-seconds 9",
        before=KEY,
        stub="serve",
    ),
    Call(
        "serve base --port 0 --threads 1 --device cpu --dtype float32 --gpus-per-model 1",
        stub="serve",
    ),
    Call("key keys.jsonl alice --days 9 --per-minute 9"),
    Call("key keys.jsonl alice --drop", before=KEY),
    Call("tune project.yaml -o tuned --teach 3 --merged model --json", slow=True),
    Call(
        "tune project.yaml -o tuned --device cpu --dtype float32 --threads 1 --memory-gb 9 "
        "--gpus-per-model 2",
        status=2,
    ),
    Call("tune project.yaml -o curve --curve 2 3 --download", slow=True),
    Call("report old"),
    Call("view old --port 0", stub="view"),
    Call("upkeep old --json"),
    Call(
        "history answered-may answered-june --project-name terms --ledger releases.jsonl "
        "--html history.html --show 3 --budget 0.01 --alpha 0.1"
    ),
    Call("history answered-may --model answered-may --project-name terms --json"),
    Call(
        "gate answered-june --against releases.jsonl --model answered-june --project-name terms "
        "--budget 0.01 --alpha 0.1 --show 3",
        before=("history answered-may --project-name terms --ledger releases.jsonl",),
        status=3,
    ),
    Call(
        "gate answered-may --against releases.jsonl --project-name terms --json",
        before=("history answered-june --project-name terms --ledger releases.jsonl",),
    ),
    Call("upkeep old --project project.yaml --report-language ja"),
    Call("schema"),
    Call("schema --page"),
    Call("doctor"),
    Call("doctor --json"),
)

REFUSED = (
    ("glossary check terms.csv answer.txt letter.txt --xlsx out.xlsx", "check them one by one"),
    ("merge project.yaml out --seed 9", "`seed:` in the project file"),
    ("merge recipe.yaml out --method ties", "`merge_method:` in the recipe"),
    ("merge recipe.yaml", "no folder to write"),
    ("diagnose recipe.yaml --probe", "give a project"),
    ("diagnose project.yaml --probe --method ties", "all candidates are ranked"),
    ("diagnose project.yaml --probe --html page.html", "no effect beside --probe"),
    ("diagnose project.yaml --probe --seed 3", "`seed:` in the project file"),
    ("merge recipe.yaml a -o b", "two folders to write"),
    ("merge recipe.yaml out --sed 9", "did you mean `--seed`?"),
    ("vocabulary align base domain -o out --terms terms.csv", "unknown argument `--terms`"),
    ("vocabulary extend base --terms terms.csv -o out --read texts.jsonl", "give --distil too"),
    ("vocabulary extend base --distil 3 --suppress -o out", "no effect beside --distil"),
    ("vocabulary extend base --terms terms.csv -o out --ahead 3", "give --read too"),
    ("vocabulary extend base --terms terms.csv -o out --threads 1", "no effect without --distil"),
    ("vocabulary align base domain -o out --general-text texts.jsonl", "--policy union"),
    ("evaluate base --project project.yaml --split sealed", "no effect without --items"),
    ("evaluate base --texts texts.jsonl --written", "give --items too"),
    ("evaluate base --items questions.jsonl --split choose", "on a file of items"),
    ("evaluate base --general --base domain", "on a model that is no adapter"),
    ("evaluate base --general --limit 3", "give --tasks too"),
    ("evaluate http://h/v1 --general --device cuda", "on a server's model"),
    ("evaluate http://h/v1 --project project.yaml", "the folder testset/ of the project's run"),
    ("evaluate base --general --server-kind vllm", "on a model that no server runs"),
    ("evaluate base --general --check-against base", "on a model that no server runs"),
    ("evaluate base domain --general", "several models are compared on items"),
    ("evaluate base domain --project project.yaml", "a project asks one model at a time"),
    ("evaluate vllm:base --general --threads 1", "on a model that vLLM runs"),
    ("compare run --metric acc", "give --lm-eval too"),
    ("compare --lm-eval logs --split choose", "no effect without runs"),
    ("compare run --json --show 3000", "leave --show or --json out"),
    ("terms export terms.csv --format csv --from en -o out.csv", "it holds all languages"),
    ("terms export terms.csv --format tbx --date 2025-01-01 -o out.tbx", "header of UTX"),
    ("testset project.yaml -o out --split choose", "give --lm-eval-tasks too"),
    ("glossary lint terms.csv --lemmas", "unknown argument `--lemmas`"),
    ("glossary match terms.csv letter.txt --definitions", "unknown argument `--definitions`"),
    ("serve base --repair", "give --glossary too"),
    ("serve base --upstream http://127.0.0.1:9/v1 --threads 3", "no effect beside --upstream"),
    ("key keys.jsonl alice --drop --days 3", "no effect beside --drop"),
    ("tune project.yaml -o out --curve 2 3 --merged model", "no effect beside --curve"),
)
"""Options without effect, and what their refusal says."""
