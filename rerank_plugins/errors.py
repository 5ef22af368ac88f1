"""Every error this package raises on purpose; knows nothing of models, tokenizers or frameworks.

    RerankError
    ├── ArgumentError                    (ValueError)   an argument has a value that cannot be used
    │   ├── UnknownFamilyError                          no family fits the model, or the family name is unknown
    │   ├── UnknownOptionError                          load() was given an option the family does not have
    │   └── InstructionNotSupportedError                an instruction for a family that takes none
    ├── ArgumentTypeError                (TypeError)    an argument has the wrong type
    ├── ModelNotFoundError               (OSError)      a directory, a file in it, or a hub model is not there
    ├── CheckpointMismatchError          (ValueError)   weights are missing, left over or of the wrong shape
    ├── ChecksumError                    (ValueError)   a file is not the published one
    ├── MissingExtraError                (ImportError)  an optional package is not installed
    ├── NonFiniteScoreError              (ArithmeticError)  the model gave NaN or infinity
    ├── OutOfDeviceMemoryError           (MemoryError)  one single row does not fit on the device
    └── ClosedError                      (RuntimeError) the reranker was closed

Each message says what was wrong, what was expected, and which argument or extra fixes it.
"""


class RerankError(Exception):
    """Root of every error raised on purpose by this package."""


class ArgumentError(RerankError, ValueError):
    """An argument has a value that cannot be used."""


class UnknownFamilyError(ArgumentError):
    """No family fits the model, or the family name is unknown; families are never guessed."""


class UnknownOptionError(ArgumentError):
    """An option that the model's family does not have."""


class InstructionNotSupportedError(ArgumentError):
    """An instruction was given to a family that takes none; it is never silently dropped."""


class ArgumentTypeError(RerankError, TypeError):
    """An argument has the wrong type."""


class ModelNotFoundError(RerankError, OSError):
    """A model directory, a file in it, or a model on the hub is not there."""


class CheckpointMismatchError(RerankError, ValueError):
    """A tensor on the scoring path is missing, unexpected or of the wrong shape."""


class ChecksumError(RerankError, ValueError):
    """A file's SHA-256 is not the published one."""


class MissingExtraError(RerankError, ImportError):
    """An optional package is not installed; the message names the extra."""


class NonFiniteScoreError(RerankError, ArithmeticError):
    """The model gave NaN or infinity as a score."""


class OutOfDeviceMemoryError(RerankError, MemoryError):
    """A single row does not fit into the device's memory."""


class ClosedError(RerankError, RuntimeError):
    """The reranker was closed and cannot score any more."""
