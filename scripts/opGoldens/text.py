"""Strings and tf.Example."""

import numpy as np
import tensorflow as tf

from opGoldens.recorder import BF16, FLOATS, INTS, case, f32, i32, i64, pool, strs

WORDS = strs([["", "Hello World", "  pad \t\n"], ["ÄÖÜ straße", "日本語", "a,b,,c"]])


def record(rng):
    characters()
    splits()
    patterns()
    numbers()
    bytes_of()
    examples()


def characters():
    for op in ("StringLower", "StringUpper"):
        case(op, WORDS)
        case(op, WORDS, encoding="utf-8")
        case(op, strs("İIiß"), encoding="utf-8")
        case(op, strs([b"\xff"]), encoding="utf-8")
    case("StringStrip", WORDS)
    case("StringStrip", strs(["\v\f x y \r", "\u00a0x"]))
    for unit in ("BYTE", "UTF8_CHAR"):
        case("StringLength", WORDS, unit=unit)
        case("StringLength", strs([]), unit=unit)
        case("Substr", strs(["hello", "wörld"]), i32(1), i32(2), unit=unit)
        case("Substr", strs(["hello", "wörld"]), i32([-3, 2]), i32([2, 9]), unit=unit)
        case("Substr", strs([["hello"], ["wörld"]]), i64([0, 4]), i64([1, 1]), unit=unit)
        case("Substr", strs(["ab", "c"]), i32(2), i32(1), unit=unit)
        case("Substr", strs("ab"), i32(-3), i32(1), unit=unit)
        case("Substr", strs("ab"), i32(1), i32(-1), unit=unit)
    case("Substr", strs(["ab", "c"]), i32([0, 0, 0]), i32([1, 1, 1]))
    case("Substr", strs(["ab", "c"]), i32([0, 0]), i32([1]))
    case("StringJoin", [strs(["a", "b"]), strs("-"), strs(["c", ""])])
    case("StringJoin", [strs(["a", "b"]), strs(["é", "d"])], separator=", ")
    case("StringJoin", [strs("a"), strs("b")], separator="日")
    case("StringJoin", [strs(["a", "b"]), strs(["c"])])
    case("StringJoin", [strs([])])
    for axes in ([0], [1], [-1], [0, 1], [1, 0], [], [2]):
        case("ReduceJoin", strs([["a", "b"], ["c", "d"]]), i32(axes), separator=".")
    case("ReduceJoin", strs([["a", "b"], ["c", "d"]]), i32(0), keep_dims=True)
    case("ReduceJoin", strs([["a"]]), i32([0, 0]))
    case("ReduceJoin", strs(np.zeros([0, 2])), i32([1]))
    case("UnsortedSegmentJoin", strs(["a", "b", "c"]), i32([0, 2, 0]), i32(3), separator="+")
    case("UnsortedSegmentJoin", strs([["a", "b"], ["c", "d"]]), i32([[0, 0], [1, 0]]), i32(2))
    case("UnsortedSegmentJoin", strs([["a", "b"], ["c", "d"]]), i32([1, 0]), i32(2))
    case("UnsortedSegmentJoin", strs(["a"]), i32([5]), i32(2))
    case("UnicodeTranscode", strs(["héllo", "日本"]), input_encoding="UTF-8", output_encoding="UTF-8")
    case("UnicodeTranscode", strs([b"h\xffllo"]), input_encoding="UTF-8", output_encoding="UTF-8")
    case("UnicodeTranscode", strs([b"h\xffllo"]), input_encoding="UTF-8", output_encoding="UTF-8", errors="ignore")
    case("UnicodeTranscode", strs([b"h\xffllo"]), input_encoding="UTF-8", output_encoding="UTF-8", errors="strict")
    case("UnicodeTranscode", strs([b"h\xe9llo"]), input_encoding="ISO-8859-1", output_encoding="UTF-8")
    case("UnicodeTranscode", strs(["hé"]), input_encoding="UTF-8", output_encoding="UTF-16-BE")
    case("UnicodeTranscode", strs(["a\x07b"]), input_encoding="UTF-8", output_encoding="UTF-8", replace_control_characters=True)


def splits():
    x = strs(["a b  c", "", " d ", "é ü"])
    case("StringSplitV2", x, strs(""))
    case("StringSplitV2", x, strs(" "))
    case("StringSplitV2", strs(["a, b,c", ",,", "x"]), strs(","))
    case("StringSplitV2", strs(["a<>b<>c"]), strs("<>"), maxsplit=1)
    case("StringSplitV2", strs(["a b c d"]), strs(""), maxsplit=2)
    case("StringSplitV2", strs(["a b"]), strs(""), maxsplit=0)
    case("StringSplitV2", strs([]), strs(""))
    case("StringSplitV2", strs([["a"]]), strs(""))
    case("StringSplitV2", strs(["a"]), strs([",", ";"]))
    case("StringSplit", strs(["a b,c", " x"]), strs(" ,"))
    case("StringSplit", strs(["a b,c", " x"]), strs(" ,"), skip_empty=False)
    case("StringSplit", strs(["abc", ""]), strs(""))
    case("StringSplit", strs("abc"), strs(""))


def patterns():
    replacements = [
        ("[^a-z ]", ""), (r"\s+", " "), (r"(\w+) (\w+)", r"\2 \1"), ("", "-"), (r"^", ">"), (r"$", "<"), ("o|l", r"<\0>"), (r"[[:punct:]]", "!"), (r"\d{2,3}", "#"),
        ("(?i)hello", "bye"), (r"(?P<x>l+)", r"\1"), (r"\p{L}", "L"), (r"a.c", "_"), (r"\bW", "w"), ("l+?", "L"), (r"\Q.\E", "dot"), ("[", "x"), (r"(?s)b.d", "_"), ("é", "e"),
        (r"<br />|\\n", " "), ("x*", "-"), (r"[\w.]+@", "@"),
    ]
    x = strs(["Hello World.", "a\nc b\nd", "123 1 12345", "héllo  a-c", "", "xxaxx"])
    for pattern, rewrite in replacements:
        case("StaticRegexReplace", x, pattern=pattern, rewrite=rewrite)
    case("StaticRegexReplace", x, pattern="l", rewrite="L", replace_global=False)
    case("RegexReplace", x, strs("[aeiou]"), strs("*"))
    case("RegexReplace", x, strs("("), strs("*"))
    case("RegexReplace", x, strs("a"), strs(r"\3"))
    case("RegexReplace", x, strs("a"), strs("b"), replace_global=False)
    for pattern in ("[a-z]+", ".*", r"\d+ \d+ \d+", "(?i)HELLO.*", "a", "", ".{5}", "(", r"[^\x00-\x7f]*"):
        case("StaticRegexFullMatch", x, pattern=pattern)
        case("RegexFullMatch", x, strs(pattern))


def numbers():
    values = {dtype: pool(dtype) for dtype in [*FLOATS, *INTS, bool, object]}
    for dtype, x in values.items():
        case("AsString", x)
    floats = f32([0, 1, -1.5, 1e10, 1.23456789, 1e-7, np.nan, np.inf, -np.inf, -0.0, 123456789])
    for options in ({"precision": 2}, {"scientific": True}, {"scientific": True, "precision": 3}, {"shortest": True}, {"width": 10}, {"width": 8, "fill": "0"}, {"width": 8, "fill": "-"}, {"fill": " "}, {"fill": "+", "width": 6}):
        case("AsString", floats, **options)
        case("AsString", floats.astype(np.float64), **options)
    case("AsString", i32([1, -12, 123]), width=5, fill="0")
    case("AsString", i32([1, -12, 123]), width=5)
    case("AsString", i64([2**62, -1]), width=3, fill="-")
    for options in ({}, {"precision": 2}, {"scientific": True}, {"width": 12}, {"shortest": True}, {"width": 12, "fill": "0"}):
        case("AsString", np.array([1 + 2j, -1.5 - 0.25j, complex("nan")], np.complex64), **options)
    case("AsString", np.array([1 / 3 + 2j], np.complex128))
    case("AsString", i32([1]), precision=2)
    case("AsString", f32([1]), scientific=True, shortest=True)
    good = {np.float32: ["1", "-2.5", " 3 ", "1e3", ".5", "inf", "-Infinity", "NaN", "+7", "1."], np.float64: ["1e308", "0.1", "1e-320"], np.int32: ["0", "-12", " 7 ", "2147483647", "+5"], np.int64: ["9223372036854775807", "-9223372036854775808"], np.uint64: ["18446744073709551615"], np.uint32: ["4294967295"]}
    for dtype, texts in good.items():
        case("StringToNumber", strs(texts), out_type=dtype)
    for dtype, texts in {np.float32: ["x", "", "1e", "0x10", "1 2", "1_0"], np.int32: ["1.0", "2147483648", "", "a"], np.int64: ["9223372036854775808"], np.uint32: ["-1"]}.items():
        for one in texts:
            case("StringToNumber", strs([one]), out_type=dtype)
    for buckets in (1, 10, 2**40):
        case("StringToHashBucketFast", strs(["", "a", "abc", "hello world", "é", "x" * 17, "y" * 33, "z" * 64, "w" * 65, "v" * 130]), num_buckets=buckets)
    case("StringFormat", [i32(5), strs("x")], template="a {} b {}", placeholder="{}", summarize=3)
    case("StringFormat", [f32([1, 2.5, 3, 4])], template="%s", placeholder="%s", summarize=1)
    case("StringFormat", [f32([[1, 2], [3, 4]]), np.array(True)], template="{}/{}", placeholder="{}", summarize=3)
    case("StringFormat", [i32(np.arange(10))], template="{}", placeholder="{}", summarize=3)
    case("StringFormat", [strs(["a", "b"]), i64(2**60), np.array([True, False])], template="{};{};{}", placeholder="{}", summarize=3)


def bytes_of():
    case("DecodeBase64", strs([["", "YQ", "YWI="], ["_-8", "aGVsbG8", "w6k"]]))
    case("DecodeBase64", strs(["a+b/"]))
    case("DecodeBase64", strs(["a"]))
    case("EncodeBase64", strs(["", "a", "ab", "abc", b"\xff\xef", "é"]))
    case("EncodeBase64", strs(["", "a", "ab"]), pad=True)
    raw = b"\x00\x01\x02\x03\x04\x05\x06\x07\x80?\x00@\x00\x00\xc0\xbf"
    for dtype in [*FLOATS, np.uint8, np.int8, np.int16, np.uint16, np.int32, np.int64, np.complex64, bool]:
        case("DecodeRaw", strs([raw.replace(b"\xff", b"") if dtype is not bool else b"\x00\x01"]), out_type=dtype)
    case("DecodeRaw", strs([b"\x00\x01", b"\x02\x03"]), out_type=np.int16, little_endian=False)
    case("DecodeRaw", strs(""), out_type=np.int32)
    case("DecodeRaw", strs([]), out_type=np.int32)
    case("DecodeRaw", strs(["abc"]), out_type=np.int32)
    case("DecodeRaw", strs(["a", "ab"]), out_type=np.uint8)


def example(**features):
    made = tf.train.Example()
    for name, values in features.items():
        feature = made.features.feature[name]
        if values and isinstance(values[0], bytes):
            feature.bytes_list.value.extend(values)
        elif values and isinstance(values[0], float):
            feature.float_list.value.extend(values)
        else:
            feature.int64_list.value.extend(values)
    return made.SerializeToString(deterministic=True)


def examples():
    first = example(x=[1.5, 2.5], n=[3], t=[b"a", b"b"], m=[7, 8])
    second = example(x=[-1.0, 0.5], n=[2**60], t=[], m=[9])
    third = example(x=[0.0, 1.0], t=[b"\xc3\xa9"])
    none = strs([])

    def v2(serialized, dense=(), sparse=(), ragged=(), names=none):
        """dense: (key, default, shape); sparse: (key, type); ragged: (key, type, type of splits)."""
        case(
            "ParseExampleV2", serialized, names, strs([one[0] for one in sparse]), strs([one[0] for one in dense]), strs([one[0] for one in ragged]), [one[1] for one in dense],
            num_sparse=len(sparse), sparse_types=[one[1] for one in sparse], ragged_value_types=[one[1] for one in ragged], ragged_split_types=[one[2] for one in ragged],
            dense_shapes=[one[2] for one in dense],
        )

    batch = strs([first, second])
    v2(batch, dense=[("x", f32([]), [2]), ("n", i64([0]), [1])])
    v2(strs([first, third]), dense=[("n", i64([5]), []), ("t", strs(["?"]), [None])])
    v2(batch, sparse=[("t", tf.string), ("m", tf.int64)])
    v2(batch, ragged=[("m", tf.int64, tf.int32), ("t", tf.string, tf.int64)], dense=[("x", f32([]), [2])])
    v2(strs(first), dense=[("x", f32([]), [2])], sparse=[("m", tf.int64)])
    v2(strs(first), ragged=[("m", tf.int64, tf.int64)])
    v2(strs([]), dense=[("x", f32([]), [2])], sparse=[("m", tf.int64)])
    v2(batch, dense=[("m", i64([]), [None])])
    v2(strs([first, third]), dense=[("n", i64([]), [1])])
    v2(batch, dense=[("x", f32([]), [3])])
    v2(batch, dense=[("x", i64([]), [2])])
    v2(batch, dense=[("m", i64([]), [1])], names=strs(["one", "two"]))
    v2(batch, sparse=[("x", tf.int64)])
    v2(strs(["garbage"]), dense=[("x", f32([]), [2])])
    v2(strs([[first]]), dense=[("x", f32([]), [2])])
    v2(strs([b""]), dense=[("x", f32([1, 2]), [2])], sparse=[("m", tf.int64)])

    case("ParseExample", batch, none, [strs("t")], [strs("x"), strs("n")], [f32([]), i64([0])], sparse_types=[tf.string], dense_shapes=[[2], [1]])
    case("ParseExample", batch, none, [], [strs("gone")], [f32([])], sparse_types=[], dense_shapes=[[2]])
    single = {"sparse_types": [tf.string], "sparse_keys": ["t"], "num_sparse": 1}
    case("ParseSingleExample", strs(first), [f32([]), i64(4)], dense_keys=["x", "gone"], dense_shapes=[[2], []], **single)
    case("ParseSingleExample", strs(third), [i64([])], dense_keys=["n"], dense_shapes=[[1]], **single)
    case("ParseSingleExample", strs("garbage"), [i64([])], dense_keys=["n"], dense_shapes=[[1]], **single)
    case("ParseSingleExample", strs(first), [i64([])], dense_keys=["x"], dense_shapes=[[2]], **single)
