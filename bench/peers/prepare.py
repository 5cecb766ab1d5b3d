"""What the peers need, made once on demand below `bench/peers`: a Python environment of their own, and jars."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"
VENV = HERE / "target" / "venv"
PYTHON = VENV / "bin" / "python"
JAVA = HERE / "java"


class CannotPrepareError(Exception):
    """A peer cannot be made ready; the message says which step failed, and how."""


def python(say: Callable[[str], None]) -> None:
    """Make the environment of the peers in Python."""
    if fresh(VENV / ".ready", [LOCK]):
        return
    say("a Python environment for Quix Streams and Bytewax …")
    done([sys.executable, "-m", "venv", "--clear", str(VENV)], HERE)
    done([str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)], HERE)
    (VENV / ".ready").touch()


def java(engine: str, say: Callable[[str], None]) -> None:
    """Get the jars of an engine on the JVM, and compile what runs on it."""
    folder = HERE / engine
    classes, sources = folder / "target" / "classes", [*JAVA.glob("*.java"), *folder.glob("*.java")]
    if fresh(classes / ".ready", [folder / "pom.xml", *sources]):
        return
    say(f"the jars of {engine} …")
    done(["mvn", "-q", "-B", "dependency:copy-dependencies"], folder)
    classes.mkdir(parents=True, exist_ok=True)
    done(["javac", "-d", str(classes), "-cp", str(folder / "target" / "dependency" / "*"), *map(str, sources)], folder)
    (classes / ".ready").touch()


def class_path(engine: str) -> str:
    """Return where Java finds an engine."""
    target = HERE / engine / "target"
    return f"{target / 'classes'}:{target / 'dependency'}/*"


def fresh(made: Path, of: list[Path]) -> bool:
    """Tell whether something was made, after all that it is made of."""
    return made.exists() and all(made.stat().st_mtime >= source.stat().st_mtime for source in of)


def done(command: list[str], folder: Path) -> None:
    """Run a step; CannotPrepareError where it fails."""
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise CannotPrepareError(
            f"{command[0]} is not installed; the peers on the JVM need Java 17 and Maven"
        ) from None
    if ran.returncode:
        raise CannotPrepareError(f"{' '.join(command[:4])} … failed:\n{(ran.stderr or ran.stdout)[-2000:]}")
