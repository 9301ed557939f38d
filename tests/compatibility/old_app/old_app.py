"""The original application's cache, as far as a shared store meets it: its keys, envelope, expiry, fingerprints and
clean-up, written anew from what is known of them."""
import datetime
import email.utils
import hashlib
import json


def md5_of(value):
    return hashlib.md5(json.dumps(value, sort_keys=True).encode()).hexdigest()


def metadata_fingerprint(repository):
    fields = ("id", "updated_at", "pushed_at", "size", "default_branch", "language")
    return md5_of({field: repository.get(field) for field in fields})


def bundle_fingerprint(entries):
    return md5_of(sorted(entry.get("fingerprint") or "" for entry in entries))


def content_fingerprint(entries):
    def half(text):
        return hashlib.md5((text or "").encode()).hexdigest()[:16]
    documented = [{"name": entry["name"], "last_modified": "", "readme_hash": half(entry.get("readme")),
                   "skills_hash": half(entry.get("skills_index")), "arch_hash": half(entry.get("architecture"))}
                  for entry in entries if entry.get("has_documentation")]
    return md5_of(sorted(documented, key=lambda entry: entry["name"]))


def bundle_key(username):
    return f"repos_bundle_context_{username}"


def repository_key(username, repository):
    return f"repo_level_bundle_{username}_" + repository.replace("/", "_").replace(" ", "_")


def older_repository_key(username, repository):
    return f"repo_context_{username}_{repository}"


class OldCache:
    def __init__(self, container):
        self.container = container

    def save(self, key, data, fingerprint=None, ttl=None):
        """As the monolith: naive times, metadata only where given, no condition."""
        now = datetime.datetime.now()
        metadata = {}
        if fingerprint:
            metadata["fingerprint"] = fingerprint
        if ttl:
            metadata["expires_at"] = (now + datetime.timedelta(seconds=ttl)).isoformat()
        body = json.dumps({"data": data, "cached_at": now.isoformat()}, separators=(",", ":"))
        self.container.put(key, body.encode(), "application/json", metadata)

    def read(self, key):
        found = self.container.get(key)
        if not found:
            return {"status": "missing", "data": None}
        body, metadata, _ = found
        if metadata.get("no_expiry") != "True" and "expires_at" in metadata:
            try:
                expires_at = datetime.datetime.fromisoformat(metadata["expires_at"].replace("Z", "+00:00"))
            except ValueError:
                return {"status": "expired", "data": None}
            if expires_at.replace(tzinfo=None) <= datetime.datetime.utcnow():
                return {"status": "expired", "data": None}
        return {"status": "valid", "data": json.loads(body)["data"], "fingerprint": metadata.get("fingerprint")}

    def clean_up(self, now):
        """The hourly rule, at the naive UTC time `now`."""
        deleted = []
        for name in self.container.list():
            _, metadata, headers = self.container.get(name)
            if metadata.get("no_expiry") == "True":
                continue
            if "expires_at" in metadata:
                ends = datetime.datetime.fromisoformat(metadata["expires_at"].replace("Z", "+00:00"))
                goes = ends.replace(tzinfo=None) <= now
            else:
                modified = email.utils.parsedate_to_datetime(headers["Last-Modified"]).replace(tzinfo=None)
                goes = modified < now - datetime.timedelta(days=30)
            if goes:
                self.container.delete(name)
                deleted.append(name)
        return deleted
