# SPDX-License-Identifier: GPL-3.0-or-later
"""Real web servers on a sandbox site, and the visitors and cron jobs that do not stop for an upgrade."""

import glob
import http.client
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from .outcome import Lost, Skip

HOST = "127.0.0.1"
WORKERS = 6
ANSWER_LIMIT_S = 60
SEARCH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"
APACHE_MODULES = "/usr/lib/apache2/modules"


def free_port():
    with socket.socket() as one:
        one.bind((HOST, 0))
        return one.getsockname()[1]


def find(*names):
    """The path of the first of these programs that is there; Skip without one."""
    for name in names:
        found = shutil.which(name, path=SEARCH) or next(iter(sorted(glob.glob(f"/usr/sbin/{name}[0-9]*"))), None)
        if found:
            return found
    raise Skip(f"{names[0]} is not installed")


class WebServer:
    """Programs of our own in a folder of their own. The address is known before the site is made: `url`."""

    denies = False  # whether a file in a folder can keep it from running scripts there

    def __init__(self):
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="faults-web-"))  # short: a socket's path has 107 bytes
        self.programs = []

    def start(self, site):
        self.launch(site)
        deadline = time.monotonic() + ANSWER_LIMIT_S
        while not self._listens():
            if time.monotonic() > deadline or any(program.poll() is not None for program in self.programs):
                raise RuntimeError(f"the web server does not start: {self.log_end()}")
            time.sleep(0.02)

    def launch(self, site):
        raise NotImplementedError

    def _listens(self):
        try:
            socket.create_connection((HOST, self.port), 1).close()
        except OSError:
            return False
        return True

    def run(self, site, *words, environment=None):
        with open(self.folder / "log", "ab") as log:
            self.programs.append(subprocess.Popen(
                [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
                env={**os.environ, **site.facts["environment"], **(environment or {})}))
        return self.programs[-1]

    def log_end(self):
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-1500:]

    def stop(self):
        for program in self.programs:
            try:
                os.killpg(program.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            program.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def php_settings(self, site):
        return {"pdo_mysql.default_socket": site.facts["database"]["socket"], "display_errors": "1", "html_errors": "0",
                "error_log": self.folder / "php.log", **self.settings()}

    def settings(self):
        return {}


class PhpServer(WebServer):
    name = "php -S"

    def launch(self, site):
        words = [find("php")]
        for name, value in self.php_settings(site).items():
            words += ["-d", f"{name}={value}"]
        self.run(site, *words, "-S", f"{HOST}:{self.port}", "-t", site.root, environment={"PHP_CLI_SERVER_WORKERS": str(WORKERS)})


class Fpm(WebServer):
    """PHP-FPM, in front of which another server stands."""

    def launch(self, site):
        program = find("php-fpm", "php-fpm8.2")
        lines = ["[global]", f"pid = {self.folder}/fpm.pid", f"error_log = {self.folder}/fpm.log", "daemonize = no",
                 "process_control_timeout = 30", "[site]",
                 f"listen = {self.folder}/fpm.sock", "pm = static", f"pm.max_children = {WORKERS}", "clear_env = no",
                 "catch_workers_output = yes"]
        if os.geteuid() == 0:
            lines += ["user = root", "group = root"]
        lines += [f"php_admin_value[{name}] = {value}" for name, value in self.php_settings(site).items()]
        (self.folder / "fpm.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.fpm = self.run(site, program, *(["-R"] if os.geteuid() == 0 else []), "-F", "-y", self.folder / "fpm.conf")
        deadline = time.monotonic() + ANSWER_LIMIT_S
        while not (self.folder / "fpm.sock").exists():
            if self.fpm.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PHP-FPM does not start: {self.log_end()}")
            time.sleep(0.02)

    def reload(self):
        """As `systemctl reload` does: new workers, an empty opcache."""
        os.kill(self.fpm.pid, signal.SIGUSR2)


class Nginx(Fpm):
    name = "nginx and PHP-FPM"
    denies = True

    def launch(self, site):
        program = find("nginx")
        super().launch(site)
        folders = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        parameters = "".join(f"fastcgi_param {name} {value};\n" for name, value in (
            ("SCRIPT_FILENAME", "$document_root$fastcgi_script_name"), ("SCRIPT_NAME", "$fastcgi_script_name"),
            ("QUERY_STRING", "$query_string"), ("REQUEST_METHOD", "$request_method"), ("REQUEST_URI", "$request_uri"),
            ("CONTENT_TYPE", "$content_type"), ("CONTENT_LENGTH", "$content_length"), ("DOCUMENT_ROOT", "$document_root"),
            ("SERVER_PROTOCOL", "$server_protocol"), ("REMOTE_ADDR", "$remote_addr")))
        (self.folder / "nginx.conf").write_text(
            ("user root;\n" if os.geteuid() == 0 else "")
            + f"daemon off;\nworker_processes 1;\npid {self.folder}/nginx.pid;\nerror_log {self.folder}/nginx.log;\n"
            + "events { worker_connections 128; }\nhttp {\naccess_log off;\n" + folders
            + f"server {{\nlisten {HOST}:{self.port};\nroot {site.root};\n"
            + "location / { try_files $uri /index.php$is_args$args; }\n"
            + f"location ~ \\.php$ {{\n{parameters}fastcgi_pass unix:{self.folder}/fpm.sock;\n}}\n}}\n}}\n", encoding="utf-8")
        self.run(site, program, "-e", self.folder / "nginx.log", "-p", self.folder, "-c", self.folder / "nginx.conf")


class NginxThatForgetsNothing(Nginx):
    """opcache never looks at a file again."""

    name = "nginx and PHP-FPM with opcache.validate_timestamps = 0"

    def settings(self):
        return {"opcache.validate_timestamps": "0", "opcache.file_update_protection": "0"}


class NginxThatForgetsLate(Nginx):
    name = "nginx and PHP-FPM with opcache.revalidate_freq = 8"

    def settings(self):
        return {"opcache.revalidate_freq": "8"}


class Apache(Fpm):
    """PHP reads no .user.ini here: the .htaccess has to do."""

    name = "Apache and PHP-FPM"
    denies = True

    def settings(self):
        return {"user_ini.filename": "none.ini"}

    def launch(self, site):
        program = find("apache2", "httpd")
        if not os.path.isdir(APACHE_MODULES):
            raise Skip("Apache's modules are not in their place")
        # As Mautic's own has it.
        (site.root / ".htaccess").write_text(
            '<FilesMatch "\\.php$">\nRequire all denied\n</FilesMatch>\n'
            '<FilesMatch "^(index|index_dev|upgrade)\\.php$">\nRequire all granted\n</FilesMatch>\n', encoding="utf-8")
        super().launch(site)
        modules = "".join(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so\n" for name in (
            "mpm_event", "authz_core", "rewrite", "mime", "dir", "env", "proxy", "proxy_fcgi"))
        user = "User root\nGroup root\n" if os.geteuid() == 0 else ""
        (self.folder / "apache.conf").write_text(
            f"ServerRoot {self.folder}\nServerName localhost\nPidFile {self.folder}/apache.pid\nListen {HOST}:{self.port}\n{modules}"
            f"ErrorLog {self.folder}/apache.log\nTypesConfig /dev/null\nDocumentRoot {site.root}\nDirectoryIndex index.php\n"
            f"<Directory {site.root}>\nAllowOverride All\nRequire all granted\nFallbackResource /index.php\n</Directory>\n"
            f'<FilesMatch "\\.php$">\nSetHandler "proxy:unix:{self.folder}/fpm.sock|fcgi://localhost"\n</FilesMatch>\n', encoding="utf-8")
        self.run(site, program, "-DFOREGROUND", "-f", self.folder / "apache.conf")


OLD, GATE, NEW = "Mautic 2", "the 503 page", "Mautic 3"


class Answer:
    def __init__(self, begin, end, kind, words, root=None):
        self.begin, self.end, self.kind, self.words = begin, end, kind, words
        self.root = root  # the folder of the Mautic that answered

    def __str__(self):
        return f"{self.kind or 'neither'} at {self.begin:.3f} to {self.end:.3f}: {self.words}"


class Traffic:
    """Visitors (20 requests a second: pages, slow pages, uploads, what must not run) and cron jobs, until stopped."""

    RATE = 20
    VISITORS = 12

    def __init__(self, site, server):
        self.site = site
        self.server = server
        self.answers = []
        self.calls = []  # of cron
        self.strays = []  # answers to who asks in the upgrade's own folders
        self.uploads = {}
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.number = 0
        self.epoch = time.monotonic()
        self.threads = [threading.Thread(target=self._visit, daemon=True) for _ in range(self.VISITORS)]
        self.threads.append(threading.Thread(target=self._cron, daemon=True))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """No more come, and all have their answer."""
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def now(self):
        return time.monotonic() - self.epoch

    def _visit(self):
        while not self.stopping.is_set():
            with self.lock:
                self.number += 1
                number = self.number
            begin_at = number / self.RATE
            if self.stopping.wait(max(0.0, begin_at - self.now())):
                return
            if self.now() > begin_at + 1:  # what a slow machine can't do is left out, not piled up
                with self.lock:
                    self.number = max(self.number, int(self.now() * self.RATE))
            self._ask(number)

    def _ask(self, number):
        if number % 10 == 3:
            self._upload(f"upload-{number}.bin")
        elif number % 20 == 7:
            folder = random.choice(["mautic-2-backup-files", "mautic-3-temp-files", "mautic-2-set-aside-files"])
            self._keep(self.strays, self._request("GET", f"/{folder}/index.php"))
        elif number % 10 == 5:
            self._keep(self.answers, self._request("GET", f"/?visit=1&slow={random.randrange(100, 1500)}"))
        else:
            self._keep(self.answers, self._request("GET", "/?visit=1" if number % 2 else "/page/?visit=1"))

    def _upload(self, name):
        content = random.randbytes(random.randrange(1, 60000))
        answer = self._request("POST", f"/?upload={name}", content)
        if answer.kind in (OLD, NEW):
            self.uploads[name] = content
        self._keep(self.answers, answer)

    def _keep(self, answers, answer):
        with self.lock:
            answers.append(answer)

    def _request(self, method, path, body=None):
        begin = self.now()
        status, headers, text = 0, {}, ""
        try:
            connection = http.client.HTTPConnection(HOST, self.server.port, timeout=ANSWER_LIMIT_S)
            connection.request(method, path, body)
            answer = connection.getresponse()
            status, headers = answer.status, answer.headers
            text = answer.read().decode(errors="replace")
            connection.close()
        except (OSError, http.client.HTTPException) as error:
            text = repr(error)
        return Answer(begin, self.now(), self._judge(status, headers, text), f"{method} {path}: {status} {text[:300]!r}",
                      headers.get("X-Sandbox-Root"))

    def _judge(self, status, headers, text):
        if status == 503 and headers.get("Retry-After") and headers.get("X-Mautic-Upgraded-Gate") == "closed" and text.endswith("</html>\n"):
            return GATE
        for kind, version in ((OLD, "Mautic 2.16.5"), (NEW, "Mautic 3.0.2")):
            whole = text.startswith(f"{version} keeps ") or text.endswith(f"The end of {version}'s page.\n")
            if status == 200 and text.startswith(version) and whole:
                return kind
        return None

    def _cron(self):
        php = self.site.php()
        while not self.stopping.wait(0.15):
            old = self.site.root / "app/console"
            script = old if old.exists() else self.site.root / "bin/console"
            begin = self.now()
            done = subprocess.run([*php, script, "mautic:segments:update", "--env=prod"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, env={**os.environ, **self.site.facts["environment"]}, check=False)
            text = done.stdout.decode(errors="replace")
            kind = None
            if done.returncode == 75 and "being upgraded" in text:
                kind = GATE
            elif done.returncode == 0 and text.startswith("Mautic "):
                kind = OLD if text.startswith("Mautic 2") else NEW
            elif text.strip().startswith("Could not open input file") and not script.exists():
                continue  # it went away between the look and the start
            self._keep(self.calls, Answer(begin, self.now(), kind, f"{script}: {done.returncode} {text[:300]!r}"))

    # What is asked of it

    def seen(self, kind, since=0.0, count=5):
        """Whether so many visitors that came since then have been answered by it, and a cron job."""
        with self.lock:
            return (sum(answer.kind == kind and answer.begin >= since for answer in self.answers) >= count
                    and any(call.kind == kind and call.begin >= since for call in self.calls))

    def wait_for(self, kind):
        since = self.now()
        self.site.wait_until(lambda: self.seen(kind, since), f"visitors get {kind}")

    def check(self, *order):
        """Lost unless every answer is one of these kinds, whole, and none came after one that was to follow it."""
        for answers in (self.answers, self.calls):
            for answer in answers:
                if answer.kind is None:
                    raise Lost(f"a visitor or a cron job got {answer}\n{self.server.log_end()}")
        for answer in self.strays:
            if self.server.denies and answer.root not in (None, self.site.root.name):
                raise Lost(f"a Mautic in {answer.root} answered: {answer}")
        self._check_order(self.answers, order)
        self._check_order(self.calls, order)
        self._check_uploads()

    @staticmethod
    def _check_order(answers, order):
        """Of several rounds (old, 503, new, 503, old) each kind's next place is the one that follows."""
        ends = []  # (end, place) of answers so far
        place_of = {}
        place = 0
        for answer in sorted(answers, key=lambda answer: answer.begin):
            while place + 1 < len(order) and any(end <= answer.begin and seen == place + 1 for end, seen in ends):
                place += 1
            later = [index for index in range(place, len(order)) if order[index] == answer.kind]
            if not later:
                raise Lost(f"{answer} came after {order[place]} had been answered")
            place_of[answer] = later[0]
            ends.append((answer.end, later[0]))

    def _check_uploads(self):
        found = {}
        for top in (self.site.root, self.site.box / "outside-files"):
            for path in pathlib.Path(top).rglob("upload-*.bin"):
                found.setdefault(path.name, []).append(path)
        for name, content in self.uploads.items():
            if not any(path.read_bytes() == content for path in found.get(name, [])):
                raise Lost(f"{name}, whose upload was answered with success, is lost ({len(found.get(name, []))} of that name)")
