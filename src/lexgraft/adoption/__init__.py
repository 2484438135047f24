"""Runs the stages in order until the thresholds are met; each stage as a verb of its own."""

from lexgraft.adoption.adopt import plan_project, run_project
from lexgraft.adoption.standalone_merge import candidate_plan, evaluate_model
from lexgraft.adoption.standalone_tuning import draw_curve, tune_language_model, write_merged
from lexgraft.evaluation.evaluation_request import EvaluationRequest
from lexgraft.evaluation.standalone import evaluate_alone

__all__ = [
    "EvaluationRequest",
    "candidate_plan",
    "draw_curve",
    "evaluate_alone",
    "evaluate_model",
    "plan_project",
    "run_project",
    "tune_language_model",
    "write_merged",
]
