"""Real nodes in temporary folders, on loopback, and the operator's side of them."""

import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from stranger import keys, peer

SECRET = "a join secret of the laboratory 01"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Node:
    """One process of ours. `settings` are lines that replace those of config.toml."""

    def __init__(self, binary, folder, settings, listen="127.0.0.1:0", largest_file=None,
                 environment=None):
        self.folder, self.binary, self.environment = folder, binary, environment or {}
        self.listen, self.largest_file, self.process = listen, largest_file, None
        subprocess.run([binary, "init", "--data", folder, "--label", "target",
                        "--join-secret", SECRET], check=True, stdout=subprocess.DEVNULL)
        self.configure({"mdns": "false", **settings})
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def configure(self, settings):
        path = os.path.join(self.folder, "config.toml")
        with open(path) as file:
            lines = file.read().split("\n")
        for key, value in settings.items():
            places = [at for at, line in enumerate(lines) if line.startswith(f"{key} =")]
            if not places:
                raise RuntimeError(f"config.toml has no line for {key}")
            lines[places[0]] = f"{key} = {value}"
        with open(path, "w") as file:
            file.write("\n".join(lines))

    def start(self):
        def limit():
            if self.largest_file is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (self.largest_file, self.largest_file))

        with open(os.path.join(self.folder, "node.log"), "wb") as log:
            self.process = subprocess.Popen(
                [self.binary, "start", "--data", self.folder, "--no-mdns",
                 "--listen", self.listen],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=limit,
                env={**os.environ, **self.environment})
        end = time.monotonic() + 30
        socket_ = os.path.join(self.folder, "control.sock")
        while "listens" not in self.log() or not os.path.exists(socket_):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the node did not start:\n{self.log()}")
            time.sleep(0.02)
        url = self.log().split("listens", 1)[1].split()[0]
        host, _, port = url.removeprefix("https://").rpartition(":")
        self.address = (host.strip("[]"), int(port))
        self.id = bytes.fromhex(self.operator("GET", "/status")["node"])

    def log(self):
        with open(os.path.join(self.folder, "node.log"), errors="replace") as file:
            return file.read()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    @property
    def is_running(self):
        return self.process.poll() is None

    @property
    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    def operator_response(self, method, route, body=None):
        """Status and JSON of a request at the operator's socket."""
        connection = UnixConnection(os.path.join(self.folder, "control.sock"))
        text = None if body is None else json.dumps(body)
        connection.request(method, "/api/federation" + route, text,
                           {"Content-Type": "application/json"})
        response = connection.getresponse()
        raw = response.read()
        connection.close()
        try:
            return response.status, json.loads(raw)
        except ValueError:
            return response.status, raw.decode(errors="replace")

    def operator(self, method, route, body=None):
        status, said = self.operator_response(method, route, body)
        if status >= 300:
            raise RuntimeError(f"operator {method} {route}: {status} {said}")
        return said

    def command(self, *arguments):
        """A command of the operator's, which answers in JSON."""
        done = subprocess.run([self.binary, *arguments, "--data", self.folder, "--json"],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"federate {' '.join(arguments)}: {done.stderr or done.stdout}")
        return json.loads(done.stdout)

    def peers(self):
        listed = self.operator("GET", "/peers")
        return {entry["node"]: entry for entry in listed}

    def stranger(self, identity=None, timeout=20, source=None):
        return peer.Peer(self.address, identity or keys.Identity(), self.id, timeout, source)

    def friend(self, identity=None, endpoints=(), source=None):
        """An active peer, by the join secret."""
        friend = self.stranger(identity, source=source)
        friend.card = [[1], "stranger", list(endpoints)]
        state = friend.register(secret=SECRET.encode())
        if state[0] != "active":
            raise RuntimeError(f"registered, but {state}")
        return friend


class Lab:
    """All nodes of a run, and their end."""

    def __init__(self, binary):
        self.binary, self.nodes, self.lock = binary, {}, threading.Lock()
        self.folder = tempfile.mkdtemp(prefix="federate-attack-")

    def node(self, name="open", settings=None, **more):
        """The node of this name, made at first use."""
        with self.lock:
            if name not in self.nodes:
                folder = os.path.join(self.folder, name)
                self.nodes[name] = Node(self.binary, folder, settings or {}, **more)
            return self.nodes[name]

    @property
    def open(self):
        """Lets in whoever proves the join secret."""
        return self.node("open", {"auto_accept_lan": "true"})

    @property
    def guarded(self):
        """Lets in whom its operator approves."""
        return self.node("guarded")

    def end(self):
        for node in self.nodes.values():
            node.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
