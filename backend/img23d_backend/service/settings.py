"""What the server is set to: by the environment and a file `.env`, under names of its own (IMG23D_SERVE_...) and under those of the
reference service, which go second."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from img23d_protocol.errors import bad_request
from img23d_protocol.messages import Settings
from img23d_protocol.options.edit import EDITORS, KLEIN, LONGEST_PROMPT, STEPS, THREE_QUARTER
from img23d_protocol.options.settings import REGISTERED, SPLAT_PAINTER

from ..home import server_folder
from ..workers.recipe import AUTOMATIC

OWN = "IMG23D_SERVE_"
# Of the reference service, and without a meaning here: the models are this program's own, see `img23d weights list`
UNHEEDED = (
    "QWEN_DTYPE", "HF_TOKEN", "TRELLIS_MODEL_ID", "QWEN_EDIT_BASE_MODEL_PATH", "QWEN_EDIT_HEIGHT", "QWEN_EDIT_WIDTH", "TRUE_CFG_SCALE",
    "BACKGROUND_REMOVAL_MODEL_ID", "INPUT_IMAGE_SIZE", "OUTPUT_IMAGE_SIZE", "PADDING_PERCENTAGE", "LIMIT_PADDING",
)  # fmt: skip

# The reference's names of options
OPTION_OF = {
    "sparse_structure_steps": "structure_steps",
    "sparse_structure_cfg_strength": "structure_guidance",
    "slat_steps": "latent_steps",
    "slat_cfg_strength": "latent_guidance",
    "num_oversamples": "oversampling",
}


def _named(own: str, *theirs: str, default: Any, about: str, **limits: Any) -> Any:
    return Field(default=default, validation_alias=AliasChoices(OWN + own, *theirs), description=about, **limits)


class ServiceSettings(BaseSettings):
    """Every setting, with its unit in the description."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8", extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True, case_sensitive=False
    )

    host: str = _named("HOST", "HOST", default="127.0.0.1", about="the address that is listened on; 0.0.0.0 is every one of this machine")
    port: int = _named("PORT", "PORT", default=10006, about="the port", ge=0, le=65535)
    token: SecretStr | None = _named("TOKEN", default=None, about="what a client has to know; drawn and kept where other machines can reach the server")
    open_to_all: bool = _named("OPEN", default=False, about="no token, although other machines can reach the server")
    origins: Annotated[tuple[str, ...], NoDecode] = _named("ORIGINS", default=(), about="web pages of other places that may use the server, with commas")
    hosts: Annotated[tuple[str, ...], NoDecode] = _named("HOSTS", default=(), about="names of this machine that requests without a token may use, with commas")
    certificate: Path | None = _named("CERTIFICATE", default=None, about="a PEM file with the certificate: HTTPS")
    certificate_key: Path | None = _named("CERTIFICATE_KEY", default=None, about="a PEM file with the certificate's key")

    data: Path = Field(default_factory=server_folder, validation_alias=OWN + "DATA", description="the folder of jobs and of the token")
    python: str = _named("PYTHON", "IMG23D_PYTHON", default="", about="the Python that the models run in; else the private environment's, else this one")
    models: str = _named("MODELS", "IMG23D_MODELS", default="", about="the folder of the models' weights")
    cards: str = _named("CARDS", default=AUTOMATIC, about="one worker a card: auto, cpu, or numbers with commas", pattern=r"^(auto|cpu|\d+(,\d+)*)$")
    workers: int = _named("WORKERS", default=0, about="workers over all cards; 0 is one a card", ge=0, le=64)
    ray: str = _named("RAY", default="", about="the Ray cluster whose machines do the work: host:6379, or auto for the one that this machine is in")
    queue: int = _named("QUEUE", default=8, about="jobs that may wait; more are answered with 429", ge=1, le=10_000)
    keep_seconds: float = _named("KEEP_SECONDS", default=3600.0, about="seconds that the files of a finished job are kept", gt=0)
    stop_seconds: float = _named("STOP_SECONDS", default=30.0, about="seconds that running jobs may take when the server is stopped", ge=0)

    max_bytes: int = _named("MAX_BYTES", default=64 * 2**20, about="bytes of a request", ge=1024)
    max_pixels: int = _named("MAX_PIXELS", default=100_000_000, about="pixels of a picture", ge=64)
    header_seconds: float = _named("HEADER_SECONDS", default=10.0, about="seconds in which a client has to have sent its headers", gt=0)
    body_seconds: float = _named("BODY_SECONDS", default=30.0, about="seconds that a client may be silent within its request or our answer", gt=0)
    request_seconds: float = _named("REQUEST_SECONDS", default=300.0, about="seconds in which a client has to have sent its whole request", gt=0)

    engine: str = _named("ENGINE", default=SPLAT_PAINTER.id, about="the engine where a request names none: " + ", ".join(one.id for one in REGISTERED))
    edit: bool | None = _named("EDIT", default=None, about="a model cleans the picture first; where it is not said: if the model is named")
    edit_model: str = _named("EDIT_MODEL", "QWEN_EDIT_MODEL_PATH", default="", about="which one: " + ", ".join(one[0] for one in EDITORS))
    edit_steps: int = _named("EDIT_STEPS", "NUM_INFERENCE_STEPS", default=8, about="steps of Qwen-Image-Edit; 8 or 4, whichever is nearer", ge=1)
    edit_prompt: str = _named(
        "EDIT_PROMPT", "QWEN_EDIT_PROMPT_PATH", default="", about="what that model is told, or a JSON file with it under “positive”; else: a three-quarter view"
    )
    compression: bool = _named("COMPRESSION", "COMPRESSION", default=True, about="base64 answers hold SPZ in place of PLY")
    send_generated_files: bool = _named("SEND_GENERATED_FILES", "SEND_GENERATED_FILES", default=False, about="base64 answers hold the pictures as well")
    save_generated_files: bool = _named("SAVE_GENERATED_FILES", "SAVE_GENERATED_FILES", default=False, about="results of /generate... are kept for good")
    output_dir: Path = _named("OUTPUT_DIR", "OUTPUT_DIR", default=Path("generated_outputs"), about="the folder for those")
    qwen_gpu: int | None = _named("QWEN_GPU", "QWEN_GPU", default=None, about="with cards = auto: the card that edits, finds and cuts out", ge=0)
    trellis_gpu: int | None = _named("TRELLIS_GPU", "TRELLIS_GPU", default=None, about="with cards = auto: the card that shapes and paints", ge=0)
    sparse_structure_steps: int = _named("TRELLIS_SPARSE_STRUCTURE_STEPS", "TRELLIS_SPARSE_STRUCTURE_STEPS", default=8, about="steps of the rough shape")
    sparse_structure_cfg_strength: float = _named(
        "TRELLIS_SPARSE_STRUCTURE_CFG_STRENGTH", "TRELLIS_SPARSE_STRUCTURE_CFG_STRENGTH", default=5.75, about="guidance of the rough shape"
    )
    slat_steps: int = _named("TRELLIS_SLAT_STEPS", "TRELLIS_SLAT_STEPS", default=20, about="steps of the detail")
    slat_cfg_strength: float = _named("TRELLIS_SLAT_CFG_STRENGTH", "TRELLIS_SLAT_CFG_STRENGTH", default=2.4, about="guidance of the detail")
    num_oversamples: int = _named("TRELLIS_NUM_OVERSAMPLES", "TRELLIS_NUM_OVERSAMPLES", default=3, about="rough shapes of which the smallest is kept")

    @field_validator("origins", "hosts", mode="before")
    @classmethod
    def _parts(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("edit_model")
    @classmethod
    def _editor(cls, value: str) -> str:
        """Its name here, by that or by the last part of its publisher's, such as Qwen/Qwen-Image-Edit-2509."""
        name = value.rstrip("/").rpartition("/")[2].lower().replace(".", "")
        known = [one[0] for one in EDITORS]
        if name and name not in known:
            raise ValueError(f"“{value[:80]}” is none of {', '.join(known)}")
        return name

    @field_validator("edit_prompt")
    @classmethod
    def _text(cls, value: str) -> str:
        if value.endswith(".safetensors"):
            raise ValueError("embeddings are not read: give the text, or a JSON file with it")
        text = _positive(Path(value)) if value.endswith(".json") else value.strip()
        if len(text) > LONGEST_PROMPT:
            raise ValueError(f"it has {len(text):,} characters, of {LONGEST_PROMPT:,} at most")
        return text

    @property
    def edits(self) -> bool:
        return bool(self.edit_model) if self.edit is None else self.edit

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def needs_token(self) -> bool:
        return self.token is None and not self.is_loopback and not self.open_to_all

    @property
    def own_cards(self) -> tuple[int, ...]:
        """The cards of the reference's two numbers, in the order in which a worker is shown them; empty where neither is given."""
        if self.cards != AUTOMATIC or (self.qwen_gpu is None and self.trellis_gpu is None):
            return ()
        first = self.qwen_gpu if self.qwen_gpu is not None else 0
        second = self.trellis_gpu if self.trellis_gpu is not None else 0
        return (first,) if first == second else (first, second)

    def defaults(self) -> Settings:
        """The options of a request that says nothing of them. Raises Img23DError(BAD_REQUEST)."""
        steps = min((int(one[0]) for one in STEPS), key=lambda steps: abs(steps - self.edit_steps))
        editing = {"edit": self.edits, "edit_model": self.edit_model or KLEIN, "edit_steps": str(steps)}
        editing |= {"edit_preset": THREE_QUARTER, "edit_prompt": self.edit_prompt}
        options = Settings.of(**{option: getattr(self, name) for name, option in OPTION_OF.items()}, **editing)
        if len(self.own_cards) < 2:
            return options
        return options.changed(edit_device="gpu", locate_device="gpu", matte_device="gpu", shape_device="gpu:1", paint_device="gpu:1")


def _positive(path: Path) -> str:
    """The text in a file of the reference service's form. Raises ValueError."""
    try:
        text = json.loads(path.read_text(encoding="utf-8"))["positive"]
    except OSError as error:
        raise ValueError(f"“{path}” cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"“{path}” has no text under “positive”") from error
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"“{path}” has no text under “positive”")
    return text.strip()


def read_settings(env_file: Path | None = Path(".env"), **chosen: Any) -> ServiceSettings:
    """What was chosen goes before the environment, and that before the file. Raises Img23DError(BAD_REQUEST)."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from img23d_protocol.options.declare import check

    try:
        settings = ServiceSettings(_env_file=env_file, **{name: value for name, value in chosen.items() if value is not None})  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        first = error.errors()[0]
        raise bad_request(f"The setting {first['loc'][0] if first['loc'] else ''} cannot be used: {first['msg'].removeprefix('Value error, ')}.") from error
    except (SettingsError, OSError, UnicodeDecodeError) as error:
        raise bad_request(f"The settings cannot be read: {error}.") from error
    if settings.engine not in {one.id for one in REGISTERED}:
        raise bad_request(f"There is no engine “{settings.engine}”.")
    check(settings.defaults())
    return settings


def shown(settings: ServiceSettings) -> Iterator[str]:
    """A line for each setting, without secrets, and what is set in vain."""
    for name, about in type(settings).model_fields.items():
        value = getattr(settings, name)
        text = "(given)" if isinstance(value, SecretStr) else ", ".join(value) if isinstance(value, tuple) else str(value)
        yield f"{name} = {text or '(none)'}    # {about.description}"
    for name in UNHEEDED:
        if name in os.environ:
            yield f"{name} is set, and nothing here heeds it."
    if settings.needs_token:
        yield "Other machines can reach the server: a token is drawn when it starts, and kept in the folder of its data."
