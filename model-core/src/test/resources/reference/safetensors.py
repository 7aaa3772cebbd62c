"""Writes safetensors.json: files with what Hugging Face's own safetensors makes of them.

    python3 safetensors.py [FILE.safetensors ...]     needs safetensors (0.8.0 was used) and numpy

"vectors": bytes that it accepts, with the tensors it finds in them, and bytes that it refuses, with its error. Those
whose names begin with test_ are the inputs of the tests in its tensor.rs.
"written": files that it wrote, from seeded values, with these values.
"read": files that Tapestream wrote (SafeTensorsReferenceTest leaves them in target/safetensors), named on the
command line, with their SHA-256 and the values that it found in them.
"""
import base64
import hashlib
import json
import os
import sys

sys.path = sys.path[1:]  # this file is called as the package is
import numpy
import safetensors
from safetensors import numpy as st


def file(header, data=b""):
    header = header if isinstance(header, bytes) else header.encode()
    return len(header).to_bytes(8, "little") + header + data


def tensor(name="test", dtype="F32", shape="[2,2]", offsets="[0,16]", more=""):
    return '"%s":{"dtype":"%s","shape":%s,"data_offsets":%s%s}' % (name, dtype, shape, offsets, more)


ONE = "{" + tensor() + "}"
I32 = "{" + tensor(dtype="I32") + "}"
Z = bytes(16)
DTYPES = ["BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ",
          "F8_E5M2FNUZ", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64"]
BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
        "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}
VECTORS = {
    "test_serialization": file('{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}',
                               numpy.arange(6, dtype="<f4").tobytes()),
    "test_serialization_forced_alignement": file(
        '{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       ',
        numpy.arange(6, dtype="<f4").tobytes()),
    "test_empty": file("{}      "),
    "test_empty metadata": file('{"__metadata__":{"framework":"pt"}}     '),
    "test_empty_shapes_allowed": file('{"test":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}', bytes(4)),
    "test_deserialization": file(I32, Z),
    "test_json_attack": file("{" + ",".join(tensor("weight_%d" % i) for i in range(10)) + "}", Z),
    "test_metadata_incomplete_buffer more": file(I32, Z + b"extra_bogus_data_for_polyglot_file"),
    "test_metadata_incomplete_buffer less": file(I32, Z[:14]),
    "test_header_too_large": b"<\0\0\0\0\xff\xff\xff" + file(I32, Z)[8:],
    "test_header_too_small": b"",
    "test_invalid_header_length": b"<\0\0\0\0\0\0\0",
    "test_invalid_header_non_utf8": b"\1\0\0\0\0\0\0\0\xff",
    "test_invalid_header_not_json": b"\1\0\0\0\0\0\0\0{",
    "test_whitespace_padded_header": file(b"{}\x0d\x20\x09\x0a"),
    "test_whitespace_leading_padded_header": file(b"\x09\x0a{}\x0d\x20"),
    "test_zero_sized_tensor": file('{"test":{"dtype":"I32","shape":[2,0],"data_offsets":[0, 0]}}'),
    "test_invalid_info": file('{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0, 4]}}'),
    "test_validation_overflow shape": file(
        '{"test":{"dtype":"I32","shape":[2,18446744073709551614],"data_offsets":[0,16]}}', Z),
    "test_validation_overflow size": file(
        '{"test":{"dtype":"I32","shape":[2,9223372036854775807],"data_offsets":[0,16]}}', Z),
    "seven bytes": b"\1\0\0\0\0\0\0",
    "header of no bytes": file(""),
    "header of 100,000,001 bytes": (100_000_001).to_bytes(8, "little") + b"{}",
    "header longer than the file": (3).to_bytes(8, "little") + b"{}",
    "list for a header": file("[]"),
    "text for a header": file('"{}"'),
    "null for a header": file("null"),
    "two headers": file("{}{}"),
    "zero bytes after the header": file(b"{}\0"),
    "byte order mark": file(b"\xef\xbb\xbf{}"),
    "overlong UTF-8": file(b'{"\xc0\xaf":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', bytes(4)),
    "half a surrogate pair": file("{" + tensor("\\ud800", shape="[]", offsets="[0,4]") + "}", bytes(4)),
    "whole surrogate pair": file("{" + tensor("\\ud83d\\ude00", shape="[]", offsets="[0,4]") + "}", bytes(4)),
    "comment": file("{/* */}"),
    "single quotes": file("{'test':{}}"),
    "trailing comma": file("{" + tensor() + ",}", Z),
    "control character in a name": file("{" + tensor("a\tb") + "}", Z),
    "tensor is null": file('{"test":null}'),
    "tensor is a list": file('{"test":["F32",[2,2],[0,16]]}', Z),
    "no dtype": file('{"test":{"shape":[2,2],"data_offsets":[0,16]}}', Z),
    "no shape": file('{"test":{"dtype":"F32","data_offsets":[0,16]}}', Z),
    "no offsets": file('{"test":{"dtype":"F32","shape":[2,2]}}', Z),
    "further field": file("{" + tensor(more=',"colour":{"a":["b",1.5e3,null]}') + "}", Z),
    "further field nested 200 deep": file("{" + tensor(more=',"c":' + "[" * 200 + "]" * 200) + "}", Z),
    "further field nested 100 deep": file("{" + tensor(more=',"c":' + "[" * 100 + "]" * 100) + "}", Z),
    "further field that is NaN": file("{" + tensor(more=',"c":NaN') + "}", Z),
    "dtype twice": file("{" + tensor(more=',"dtype":"F32"') + "}", Z),
    "name twice": file("{" + tensor() + "," + tensor() + "}", Z),
    "name twice, end to end": file("{" + tensor() + "," + tensor(offsets="[16,32]") + "}", Z + Z),
    "unknown dtype": file("{" + tensor(dtype="F128") + "}", Z),
    "lower-case dtype": file("{" + tensor(dtype="f32") + "}", Z),
    "dtype is a number": file('{"test":{"dtype":32,"shape":[2,2],"data_offsets":[0,16]}}', Z),
    "shape is a number": file("{" + tensor(shape="4") + "}", Z),
    "shape with a fraction": file("{" + tensor(shape="[2.0,2]") + "}", Z),
    "shape with an exponent": file("{" + tensor(shape="[2e0,2]") + "}", Z),
    "shape with text": file("{" + tensor(shape='["2",2]') + "}", Z),
    "shape with minus": file("{" + tensor(shape="[-2,-2]") + "}", Z),
    "shape with minus zero": file("{" + tensor(shape="[-0]", offsets="[0,0]") + "}"),
    "shape with a leading zero": file("{" + tensor(shape="[02,2]") + "}", Z),
    "shape of 2^64": file("{" + tensor(shape="[18446744073709551616]") + "}", Z),
    "shape that wraps to 4": file("{" + tensor(shape="[4294967296,4294967297,4]") + "}", Z),
    "shape in a shape": file("{" + tensor(shape="[[2],2]") + "}", Z),
    "one offset": file("{" + tensor(offsets="[16]") + "}", Z),
    "three offsets": file("{" + tensor(offsets="[0,16,16]") + "}", Z),
    "offsets the wrong way round": file("{" + tensor(offsets="[16,0]") + "}", Z),
    "offsets below zero": file("{" + tensor(offsets="[-16,0]") + "}", Z),
    "offsets that wrap": file("{" + tensor(offsets="[18446744073709551600,0]") + "}"),
    "offsets beyond the file": file("{" + tensor(offsets="[16,32]") + "}", Z),
    "end beyond the file": file("{" + tensor(shape="[8]", offsets="[0,32]") + "}", Z),
    "hole at the start": file("{" + tensor(offsets="[4,20]") + "}", bytes(20)),
    "hole between": file("{" + tensor("a") + "," + tensor("b", offsets="[20,36]") + "}", bytes(36)),
    "overlap": file("{" + tensor("a") + "," + tensor("b", offsets="[12,28]") + "}", bytes(28)),
    "the same bytes twice": file("{" + tensor("a") + "," + tensor("b") + "}", Z),
    "tensors in another order": file("{" + tensor("b", offsets="[16,32]") + "," + tensor("a") + "}", Z + Z),
    "empty tensor between two": file(
        "{" + tensor("a") + "," + tensor("e", shape="[0,3]", offsets="[16,16]") + ","
        + tensor("b", offsets="[16,32]") + "}", Z + Z),
    "empty tensor within another": file(
        "{" + tensor("a") + "," + tensor("e", shape="[0]", offsets="[8,8]") + "}", Z),
    "empty tensor that overflows first": file(
        "{" + tensor(shape="[18446744073709551615,2,0]", offsets="[0,0]") + "}"),
    "nothing but an empty tensor and bytes": file("{" + tensor(shape="[0]", offsets="[0,0]") + "}", Z),
    "metadata with a number": file('{"__metadata__":{"a":1}}'),
    "metadata with an object": file('{"__metadata__":{"a":{}}}'),
    "metadata is a list": file('{"__metadata__":[]}'),
    "metadata is null": file('{"__metadata__":null}'),
    "metadata twice": file('{"__metadata__":{},"__metadata__":{}}'),
    "metadata is a tensor": file("{" + tensor("__metadata__") + "}", Z),
    "name is empty": file("{" + tensor("") + "}", Z),
    "four bits that fill no byte": file("{" + tensor(dtype="F4", shape="[3]", offsets="[0,1]") + "}", bytes(1)),
}
for dtype in DTYPES:
    size = 8 * BITS.get(dtype, 8) // 8
    VECTORS["eight of " + dtype] = file("{" + tensor(dtype=dtype, shape="[8]", offsets="[0,%d]" % size) + "}",
                                        bytes(size))
    VECTORS["eight of " + dtype + " and a byte"] = file(
        "{" + tensor(dtype=dtype, shape="[8]", offsets="[0,%d]" % (size + 1)) + "}", bytes(size + 1))


def judge(data):
    try:
        found = safetensors.deserialize(data)
    except safetensors.SafetensorError as e:
        return {"bytes": base64.b64encode(data).decode(), "refused": str(e)}
    shapes = {name: list(view["shape"]) for name, view in found}
    return {"bytes": base64.b64encode(data).decode(), "accepted": shapes}


def values(tensors):
    return {name: {"shape": list(t.shape), "values": [float(v) for v in t.reshape(-1)]} for name, t in tensors.items()}


def written():
    random = numpy.random.default_rng(7)
    dense = {"dense/kernel": random.standard_normal((5, 3)).astype("f4"), "dense/bias": numpy.zeros(3, "f4")}
    odd = {"scalar": numpy.array(-1.5, "f4"), "empty": numpy.zeros((0, 4), "f4"),
           "name with \u00fcml\u00e4ut and \"quotes\"": random.standard_normal(7).astype("f4"),
           "extremes": numpy.array([3.4028235e38, 1e-45, -0.0], "f4")}
    for name, tensors, metadata in (("dense", dense, None), ("odd", odd, {"framework": "numpy", "by": "\u20ac"})):
        yield name, {"bytes": base64.b64encode(st.save(tensors, metadata)).decode(), "metadata": metadata or {},
                     "tensors": values(tensors)}


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    return {"sha256": hashlib.sha256(data).hexdigest(), "tensors": values(st.load(data))}


here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "safetensors.json")
before = json.load(open(here, encoding="utf-8")) if os.path.exists(here) else {}
result = {
    "by": "safetensors " + safetensors.__version__,
    "vectors": {name: judge(data) for name, data in VECTORS.items()},
    "written": dict(written()),
    "read": {os.path.basename(path): read(path) for path in sys.argv[1:]} or before.get("read", {}),
}
with open(here, "w", encoding="utf-8") as f:
    json.dump(result, f, indent=1, ensure_ascii=False)
    f.write("\n")
