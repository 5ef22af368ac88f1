"""Every error this package raises on purpose; knows nothing of models, tokenizers or frameworks.

    RerankError
    ├── ArgumentError                    (ValueError)   an argument has a value that cannot be used
    │   ├── UnknownFamilyError                          no family fits the model, or the family name is unknown
    │   ├── UnknownOptionError                          load() was given an option the family does not have
    │   ├── InputTooLargeError                          more documents or characters than the caps of load() allow
    │   └── InstructionNotSupportedError                an instruction for a family that takes none
    ├── ArgumentTypeError                (TypeError)    an argument has the wrong type
    ├── ModelNotFoundError               (OSError)      a directory, a file in it, or a hub model is not there
    ├── CheckpointMismatchError          (ValueError)   weights are missing, left over or of the wrong shape
    ├── ChecksumError                    (ValueError)   a file is not the published one
    ├── MissingExtraError                (ImportError)  an optional package is not installed
    ├── NonFiniteScoreError              (ArithmeticError)  the model gave NaN or infinity
    ├── OutOfDeviceMemoryError           (MemoryError)  one single row does not fit on the device
    ├── RemoteError                      (OSError)      a server did not give scores
    │   ├── RemoteAuthenticationError    (PermissionError)  the key is missing or not accepted
    │   ├── RemoteRequestError           (ValueError)   the server refused the request itself
    │   ├── RemoteUnavailableError       (ConnectionError)  no connection, or too busy after several attempts
    │   ├── RemoteTimeoutError           (TimeoutError) no whole answer in time
    │   ├── RemoteResponseError          (ValueError)   the answer is not one score for each document
    │   └── HandshakeError               (ValueError)   the server's scores are not the expected ones
    └── ClosedError                      (RuntimeError) the reranker was closed, or belongs to another process

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


class InputTooLargeError(ArgumentError):
    """A call holds more documents, or a text more characters, than the reranker was loaded to take."""


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


class RemoteError(RerankError, OSError):
    """A server did not give scores; no message holds a key, or text of a query or document.

    Attributes:
        status: The HTTP status, if there was an answer.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class RemoteAuthenticationError(RemoteError, PermissionError):
    """A server's key is missing or not accepted."""


class RemoteRequestError(RemoteError, ValueError):
    """A server refused the request itself; asking again would not help."""


class RemoteUnavailableError(RemoteError, ConnectionError):
    """A server could not be reached, or was too busy or broken at every attempt."""


class RemoteTimeoutError(RemoteError, TimeoutError):
    """A server gave no whole answer in time."""


class RemoteResponseError(RemoteError, ValueError):
    """A server's answer is not one score for each document."""


class HandshakeError(RemoteError, ValueError):
    """A server answers, but its scores are not the expected ones."""


class ClosedError(RerankError, RuntimeError):
    """The reranker was closed, or loaded before this process was forked; it cannot score here any more."""
