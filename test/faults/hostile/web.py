# SPDX-License-Identifier: GPL-3.0-or-later
"""test/tools/http-server inside the harness, so that a case can change its faults from request to request."""

import importlib.machinery
import importlib.util
import ssl
import subprocess
import threading

from harness.bench import TOP

_loader = importlib.machinery.SourceFileLoader("http_server", str(TOP / "test/tools/http-server"))
http_server = importlib.util.module_from_spec(importlib.util.spec_from_loader("http_server", _loader))
_loader.exec_module(http_server)


class _Handler(http_server.Handler):
    def answer(self, with_body):
        server = self.server
        with server.lock:
            if with_body:  # else it is the look that preflight takes
                server.gets += 1
                server.fault_words = server.faults.pop(0) if len(server.faults) > 1 else (server.faults or [{}])[0]
            else:
                server.heads += 1
                server.fault_words = server.head
        super().answer(with_body)


class _Server(http_server.Server):
    """Each thread that answers sees the faults of its own request."""

    _local = threading.local()

    @property
    def fault_words(self):
        return getattr(self._local, "words", {})

    @fault_words.setter
    def fault_words(self, words):
        self._local.words = words

    def handle_error(self, request, client_address):
        pass  # that a client has had enough of a fault is what the fault is for


class Web:
    """A context manager: serves a folder on 127.0.0.1. faults: one dict of http-server's words for each GET, in their order;
    the last one stays. head: the words for every HEAD."""

    def __init__(self, folder, certificate=None):
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.root = str(folder)
        self._server.counters = http_server.Counters()
        self._server.log = None
        self._server.lock = threading.Lock()
        self._server.faults, self._server.head = [], {}
        self._server.given = self._server.gets = self._server.heads = 0
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https" if certificate else "http"
        self.address = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def heads(self):
        """How many HEAD requests have come."""
        return self._server.heads

    @property
    def left(self):
        """How many of the faults no request has met yet."""
        return max(self._server.given - self._server.gets, 0)

    def meet(self, faults, head=None):
        with self._server.lock:
            self._server.faults, self._server.head = list(faults), head or {}
            self._server.given, self._server.gets = len(faults), 0


class Authority:
    """A certificate authority of one's own in a folder, made with openssl."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key",
                      "-out", "ca.pem", "-subj", "/CN=Test authority", "-days", "2")

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def certificate(self, name, host="127.0.0.1", begin="20200101000000Z", end="20991231235959Z", signed=True):
        """(certificate, key) for a host, by this authority or by none."""
        (self.folder / "index.txt").touch()
        (self.folder / "extensions").write_text(f"subjectAltName = {'IP' if host[0].isdigit() else 'DNS'}:{host}\n")
        (self.folder / "ca.conf").write_text(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nrand_serial = yes\nnew_certs_dir = .\ndefault_md = sha256\n"
            "policy = any\nunique_subject = no\nemail_in_dn = no\n[any]\ncommonName = supplied\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key",
                      "-out", f"{name}.csr", "-subj", f"/CN={host}")
        signer = ("-cert", "ca.pem", "-keyfile", "ca.key") if signed else ("-selfsign", "-keyfile", f"{name}.key")
        self._openssl("ca", "-batch", "-config", "ca.conf", *signer, "-in", f"{name}.csr", "-out", f"{name}.pem", "-notext",
                      "-startdate", begin, "-enddate", end, "-extfile", "extensions")
        return str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")
