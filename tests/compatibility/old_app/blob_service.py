"""Azure Blob Storage over REST with a shared key, with the standard library alone."""
import base64
import email.utils
import hashlib
import hmac
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml


class Container:
    def __init__(self, account, key, url, name):
        self.account, self.key, self.url, self.name = account, base64.b64decode(key), url, name

    def _signature(self, method, headers, path, query, length):
        named = "".join(f"{k}:{v}\n" for k, v in sorted(headers.items()) if k.startswith("x-ms-"))
        resource = f"/{self.account}" + urllib.parse.urlsplit(self.url).path + path
        resource += "".join(f"\n{k}:{v}" for k, v in sorted(query.items()))
        text = "\n".join([method, headers.get("Content-Encoding", ""), "", str(length) if length else "", "",
                          headers.get("Content-Type", ""), "", "", "", "", "", "", named + resource])
        return base64.b64encode(hmac.new(self.key, text.encode(), hashlib.sha256).digest()).decode()

    def call(self, method, blob="", query=None, headers=None, body=b""):
        query, headers = query or {}, dict(headers or {})
        path = "/" + self.name + ("/" + urllib.parse.quote(blob, safe="/") if blob else "")
        headers["x-ms-date"] = email.utils.formatdate(usegmt=True)
        headers["x-ms-version"] = "2021-12-02"
        if method == "PUT":  # Else urllib adds one of its own, which is signed.
            headers.setdefault("Content-Type", "application/octet-stream")
        signature = self._signature(method, headers, path, query, len(body))
        headers["Authorization"] = f"SharedKey {self.account}:{signature}"
        address = self.url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        request = urllib.request.Request(address, data=body if method == "PUT" else None, headers=headers,
                                         method=method)
        return urllib.request.urlopen(request, timeout=30)

    def create(self):
        try:
            self.call("PUT", query={"restype": "container"})
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise

    def put(self, blob, body, content_type, metadata):
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": content_type,
                   "x-ms-blob-content-type": content_type, "x-ms-blob-content-encoding": "utf-8"}
        headers.update({"x-ms-meta-" + name: value for name, value in metadata.items()})
        self.call("PUT", blob, headers=headers, body=body)

    def get(self, blob):
        """(bytes, metadata, headers), or None."""
        try:
            with self.call("GET", blob) as answer:
                metadata = {name[10:].lower(): value for name, value in answer.headers.items()
                            if name.lower().startswith("x-ms-meta-")}
                return answer.read(), metadata, answer.headers
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def delete(self, blob):
        self.call("DELETE", blob)

    def list(self):
        names, marker = [], ""
        while True:
            query = {"restype": "container", "comp": "list"}
            if marker:
                query["marker"] = marker
            with self.call("GET", query=query) as answer:
                page = xml.fromstring(answer.read())
            names += [name.text for name in page.iter("Name")]
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return names
