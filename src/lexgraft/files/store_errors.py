"""What a store's refusals mean, in words, with what to do: never with a secret."""

import os
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.store_url import StoreUrl, without_secrets

_CREDENTIALS = frozenset(
    {
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidToken",
        "AuthorizationHeaderMalformed",
        "RequestTimeTooSkewed",
        "InvalidClientTokenId",
    }
)
_NO_CREDENTIALS = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError", "ProfileNotFound"}
)
_BUSY = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "503"})
_CURES = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; FSSPEC_S3_ANON=true "
    "for what is public",
    "gs": "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS",
    "hf": "run `hf auth login`, or set HF_TOKEN; the model may need a licence accepted",
}
_REPLACED = frozenset({"PreconditionFailed", "412"})


def refusal_code(error: BaseException) -> str | None:
    """Return the store's own name for a refusal; None where it did not answer at all."""
    for layer in (error, error.__cause__):
        answer: Any = getattr(layer, "response", None)
        if isinstance(answer, dict):
            return str(answer.get("Error", {}).get("Code", "")) or None
    return None


def replaced(url: StoreUrl) -> LexgraftError:
    """Return the error for an object that is no longer what was listed."""
    return LexgraftError(
        "the object was replaced while it was in use",
        where=str(url),
        cure="let nothing write to the inputs and run again",
    )


def explained(error: Exception, url: StoreUrl) -> LexgraftError:
    """Return why a store did not do what it was to do, and what helps."""
    code = refusal_code(error)
    if code in _REPLACED:
        return replaced(url)
    what, cure = _words(error, code, url)
    return LexgraftError(what, where=str(url), cure=cure)


def _words(error: Exception, code: str | None, url: StoreUrl) -> tuple[str, str]:
    """Return what a refusal means and what helps."""
    kinds = {type(layer).__name__ for layer in (error, error.__cause__) if layer is not None}
    endpoint_of_url = f"the endpoint ({endpoint(url)})"
    meanings = (
        (kinds & _NO_CREDENTIALS, "no credentials", _CURES[url.scheme]),
        (
            code in _CREDENTIALS,
            f"the store does not take these credentials ({code})",
            f"{_CURES[url.scheme]}; check the clock, too",
        ),
        ("ParamValidationError" in kinds, "no name for a bucket or an object", "check the name"),
        (code == "NoSuchBucket", "no such bucket", f"check its name and {endpoint_of_url}"),
        (
            isinstance(error, PermissionError),
            "no permission",
            "ask for the rights to list and read it; to write, also for those of uploads",
        ),
        (isinstance(error, FileNotFoundError), "no such object", "check the name"),
        (
            code in _BUSY,
            f"the store is too busy, after several tries ({code})",
            "give the same command again: what is finished is kept",
        ),
        (
            code is None,
            f"the store does not answer ({', '.join(sorted(kinds))})",
            f"check the network and {endpoint_of_url}; the same command carries on",
        ),
    )
    otherwise = (
        f"the store refuses it ({code})",
        f"check the name, the rights and {endpoint_of_url}",
    )
    return next(((what, cure) for holds, what, cure in meanings if holds), otherwise)


def endpoint(url: StoreUrl) -> str:
    """Return where a scheme's requests go, as the environment says."""
    if url.scheme == "hf":
        return without_secrets(os.environ.get("HF_ENDPOINT") or "the Hub")
    if url.scheme == "gs":
        return without_secrets(os.environ.get("STORAGE_EMULATOR_HOST") or "Google's")
    names = ("FSSPEC_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    stated = (os.environ[name] for name in names if os.environ.get(name))
    return without_secrets(next(stated, "AWS's own; AWS_ENDPOINT_URL names another"))
