"""The cache of the Hugging Face hub as huggingface_hub makes it, and what it reads in one that Espalier made.

    python3 tools/goldens/hub_cache.py make tests/Espalier.Tests/Goldens/hub/layout.txt
    python3 tools/goldens/hub_cache.py read CACHE tests/Espalier.Tests/Goldens/hub/read.json

"make" starts a hub of its own on loopback, has hf_hub_download fetch some small files (by branch, tag and commit, a file that is
not there, a data set) and lists what lies in the cache then: paths, where links lead, SHA-256 of what files hold. "read" tells what
scan_cache_dir and try_to_load_from_cache say of CACHE, which the test HubGoldenTests leaves where ESPALIER_HUB_CACHE says.
Made with huggingface_hub 1.23.0; it needs no network.
"""

import hashlib, json, os, sys, tempfile, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "89abcdef0123456789abcdef0123456789abcdef"
MODEL, DATA = "some-owner/some.model", "some-owner/some-data"
FILES = {
    MODEL: {
        "config.json": b'{"model_type": "bert"}\n',
        "model.safetensors": bytes(range(256)) * 4,
        "onnx/deep/notes.txt": b"",
    },
    DATA: {"mrpc/train-00000-of-00001.parquet": b"PAR1 and so on PAR1"},
}


def large(name):
    return name.endswith((".safetensors", ".parquet"))


def digest(name, content):
    if large(name):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0].strip("/").removeprefix("datasets/")
        repository = next((r for r in FILES if path.startswith((r + "/resolve/", f"blob/{r}/"))), None)
        if repository is None:
            return self.answer(404, {})
        if path.startswith("blob/"):
            return self.answer(200, {}, FILES[repository][path.removeprefix(f"blob/{repository}/")])
        name = path.removeprefix(repository + "/resolve/").split("/", 1)[1]
        headers = {"X-Repo-Commit": COMMIT}
        if name not in FILES[repository]:
            return self.answer(404, {**headers, "X-Error-Code": "EntryNotFound"})
        content = FILES[repository][name]
        tag = f'"{digest(name, content)}"'
        if large(name):
            headers |= {"X-Linked-Etag": tag, "X-Linked-Size": str(len(content)), "Location": f"{os.environ['HF_ENDPOINT']}/blob/{repository}/{name}"}
            return self.answer(302, headers)
        self.answer(200, {**headers, "ETag": tag}, content)

    do_HEAD = do_GET


def make(output):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    with tempfile.TemporaryDirectory() as cache:
        for name in FILES[MODEL]:
            hf_hub_download(MODEL, name, cache_dir=cache)
        hf_hub_download(MODEL, "config.json", revision="v1.0", cache_dir=cache)
        hf_hub_download(MODEL, "config.json", revision=COMMIT, cache_dir=cache)
        hf_hub_download(DATA, *FILES[DATA], repo_type="dataset", revision="refs/pr/1", cache_dir=cache)
        try:
            hf_hub_download(MODEL, "tokenizer.json", cache_dir=cache)
        except EntryNotFoundError:
            pass
        lines = []
        for folder, _, names in os.walk(cache):
            for name in names:
                path = os.path.join(folder, name)
                what = os.readlink(path) if os.path.islink(path) else hashlib.sha256(open(path, "rb").read()).hexdigest()
                lines.append(f"{os.path.relpath(path, cache)} {'->' if os.path.islink(path) else '='} {what}\n")
        # What it says of itself in CACHEDIR.TAG is its own.
        lines = [line if "CACHEDIR.TAG" not in line else "CACHEDIR.TAG\n" for line in lines]
        open(output, "w").writelines(sorted(lines))


def read(cache, output):
    os.environ["HF_HUB_OFFLINE"] = "1"
    from huggingface_hub import _CACHED_NO_EXIST, hf_hub_download, scan_cache_dir, try_to_load_from_cache

    def found(repository, name, **more):
        path = try_to_load_from_cache(repository, name, cache_dir=cache, **more)
        return "known to be absent" if path is _CACHED_NO_EXIST else path and os.path.relpath(path, cache)

    scan = scan_cache_dir(cache)
    json.dump(
        {
            "warnings": [str(w) for w in scan.warnings],
            "repositories": [
                {
                    "id": r.repo_id,
                    "type": r.repo_type,
                    "bytes": r.size_on_disk,
                    "revisions": [
                        {
                            "commit": v.commit_hash,
                            "refs": sorted(v.refs),
                            "files": {
                                os.path.relpath(f.file_path, v.snapshot_path): f.blob_path.name
                                for f in sorted(v.files, key=lambda f: str(f.file_path))
                            },
                        }
                        for v in r.revisions
                    ],
                }
                for r in sorted(scan.repos, key=lambda r: r.repo_type)
            ],
            "found": {name: found(MODEL, name) for name in [*FILES[MODEL], "tokenizer.json", "other.txt"]},
            "at_v1.0": found(MODEL, "config.json", revision="v1.0"),
            "of_the_data_set": found(DATA, *FILES[DATA], repo_type="dataset", revision="refs/pr/1"),
            "offline": os.path.relpath(hf_hub_download(MODEL, "model.safetensors", cache_dir=cache), cache),
        },
        open(output, "w"),
        indent=2,
    )


if __name__ == "__main__":
    {"make": make, "read": read}[sys.argv[1]](*sys.argv[2:])
