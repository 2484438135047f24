"""Runs the stages in order until the thresholds are met; each stage as a verb of its own."""

from lexgraft.adopt.alone import evaluate_alone
from lexgraft.adopt.opening import Question
from lexgraft.adopt.order import plan_project, run_project
from lexgraft.adopt.tune_alone import draw_curve, tune_language_model, write_merged
from lexgraft.adopt.verbs import candidate_plan, evaluate_model, merge_candidate

__all__ = [
    "Question",
    "candidate_plan",
    "draw_curve",
    "evaluate_alone",
    "evaluate_model",
    "merge_candidate",
    "plan_project",
    "run_project",
    "tune_language_model",
    "write_merged",
]
