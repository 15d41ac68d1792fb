"""What the machine refuses, said as something a person can change."""

import errno

from auditor.errors import AuditorError, NotFound

SENTENCES = {
    errno.ENOSPC: "the disk is full: free some space, or choose another place with --home",
    errno.EDQUOT: "your disk quota is used up: free some space, or choose another place with --home",
    errno.EACCES: "permission denied: {file}; choose a place that you may use",
    errno.EROFS: "{file} is on a read-only disk: choose another place",
    errno.ENOENT: "there is no file or folder {file}",
    errno.EISDIR: "{file} is a folder: name a file",
    errno.ENOTDIR: "{file} lies under something that is not a folder: choose another place",
    errno.EADDRINUSE: "the port is taken: choose another with --port",
    errno.EMFILE: "too many open files: raise the limit with `ulimit -n`",
}


def sentence_of(error: AuditorError | OSError) -> str:
    if isinstance(error, NotFound):
        return f"{str(error).partition(';')[0]}; `auditor up` shows what there is"
    if isinstance(error, AuditorError):
        return str(error)
    pattern = SENTENCES.get(error.errno or 0, "the machine refused: " + (error.strerror or type(error).__name__))
    return pattern.format(file=error.filename or "the file")
