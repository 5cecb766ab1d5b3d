"""Prometheus and Alertmanager with what is deployed, at the addresses of a test; and who is told of alerts."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from crmpulse.embedded import HOST, Server, _program, free_port

DEPLOYED = Path(__file__).parents[2] / "deploy"
Json = dict[str, Any]


class _Web(Server):
    """A server of the Prometheus family: it says over HTTP when it is ready."""

    start_seconds = 30.0

    def answers(self) -> bool:
        """As in `Server`."""
        with suppress(URLError, OSError), urlopen(f"http://{self.address}/-/ready", timeout=1) as answer:
            return bool(answer.status == 200)
        return False

    def get(self, path: str, **params: str) -> Any:
        """Return the answer to a question."""
        with urlopen(f"http://{self.address}{path}?{urlencode(params)}", timeout=10) as answer:
            return json.load(answer)


class Prometheus(_Web):
    """Prometheus with the deployed rules, which it looks at each second."""

    name = "Prometheus"

    def __init__(self, jobs: dict[str, str], alertmanager: str) -> None:
        super().__init__()
        config = yaml.safe_load((DEPLOYED / "prometheus" / "prometheus.yml").read_text())
        config["global"] = dict.fromkeys(config["global"], "1s")
        config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [alertmanager]
        assert [job["job_name"] for job in config["scrape_configs"]] == [*jobs]
        config["scrape_configs"] = [
            {"job_name": name, "static_configs": [{"targets": [address]}]} for name, address in jobs.items()
        ]
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        (self.folder / "alerts.yml").write_text((DEPLOYED / "prometheus" / "alerts.yml").read_text())

    def command(self) -> list[str]:
        """As in `Server`."""
        files = [f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data"]
        return [_program("prometheus", "prometheus"), *files, f"--web.listen-address={self.address}"]

    def query(self, expression: str) -> list[Json]:
        """Return the series that an expression has now."""
        found: list[Json] = self.get("/api/v1/query", query=expression)["data"]["result"]
        return found

    def value(self, expression: str) -> float | None:
        """Return the value of the one series of an expression, None where there is none."""
        found = self.query(expression)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None


class Alertmanager(_Web):
    """Alertmanager with the deployed routes, which waits no longer than a second, and another receiver."""

    name = "Alertmanager"

    def __init__(self, receiver: str) -> None:
        super().__init__()
        config = yaml.safe_load((DEPLOYED / "alertmanager" / "alertmanager.yml").read_text())
        for route in (config["route"], *config["route"]["routes"]):
            route |= {"group_wait": "0s", "group_interval": "1s"}
        for one in config["receivers"]:
            for hook in one["webhook_configs"]:
                hook["url"] = hook["url"].replace("receiver:9095", receiver)
        (self.folder / "alertmanager.yml").write_text(yaml.safe_dump(config))

    def command(self) -> list[str]:
        """As in `Server`."""
        files = [f"--config.file={self.folder}/alertmanager.yml", f"--storage.path={self.folder}/data"]
        listening = [f"--web.listen-address={self.address}", "--cluster.listen-address="]
        return [_program("prometheus-alertmanager", "alertmanager"), *files, *listening]


class Receiver:
    """Who is told of alerts: keeps what it was sent, by the name of the receiver."""

    def __init__(self) -> None:
        told: list[tuple[str, Json]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                told.extend((self.path.removeprefix("/"), alert) for alert in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

        self.told = told
        self.address = f"{HOST}:{free_port()}"
        self.server = _Threads((HOST, int(self.address.rpartition(":")[2])), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    def heard(self, alert: str, org: str, status: str) -> list[str]:
        """Return the receivers that were told of an alert of an organisation."""
        return [
            receiver
            for receiver, one in self.told
            if (one["labels"]["alertname"], one["labels"].get("org"), one["status"]) == (alert, org, status)
        ]

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class _Threads(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True
