"""Ops that cannot stand alone: variables, tables, tensor lists, control flow. Each is a graph of a few nodes, run one or more times."""

import numpy as np
import tensorflow as tf

from opGoldens.recorder import f32, graph_case, i32, i64, strs

raw = tf.raw_ops
v1 = tf.compat.v1


def feed(name, dtype, shape=None):
    return v1.placeholder(dtype, shape, name=name)


def out(name, value):
    return tf.identity(value, name=name)


def record(rng):
    variables()
    tables()
    lists()
    arrays()
    control()
    nodes()


def variables():
    def resource():
        handle = raw.VarHandleOp(dtype=tf.float32, shape=[3, 2], shared_name="v")
        x, at = feed("x", tf.float32), feed("at", tf.int32)
        for op in ("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"):
            getattr(raw, op)(resource=handle, value=x, name=op)
        for op in ("Update", "Add", "Sub", "Mul", "Min", "Max"):
            getattr(raw, f"ResourceScatter{op}")(resource=handle, indices=at, updates=x, name=op)
        raw.ResourceScatterNdUpdate(ref=handle, indices=at, updates=x, name="NdUpdate")
        raw.ResourceScatterNdAdd(ref=handle, indices=at, updates=x, name="NdAdd")
        raw.DestroyResourceOp(resource=handle, name="destroy")
        raw.DisableCopyOnRead(resource=handle, name="disable")
        out("read", raw.ReadVariableOp(resource=handle, dtype=tf.float32))
        out("rows", raw.ResourceGather(resource=handle, indices=at, dtype=tf.float32))
        out("shape", raw.VariableShape(input=handle))
        out("is", raw.VarIsInitializedOp(resource=handle))

    start = f32([[1, 2], [3, 4], [5, 6]])
    step = lambda op, x, at=None: ({"x:0": x} | ({} if at is None else {"at:0": at}), [], [op])
    read = ({}, ["read:0"])
    graph_case(
        "resource variable", resource,
        ({}, ["is:0"]), read, step("AssignVariableOp", start), step("disable", start), ({}, ["is:0", "shape:0", "read:0"]),
        step("AssignAddVariableOp", start), step("AssignSubVariableOp", f32(np.ones([3, 2]))), read,
        ({"at:0": i32([[2, 0], [1, 1]])}, ["rows:0"]), ({"at:0": i32([3])}, ["rows:0"]),
        step("Update", f32([[9, 9]]), i32([1])), step("Add", f32([[1, 2], [3, 4]]), i32([0, 0])), step("Sub", f32([1, 1]), i32(2)), read,
        step("Mul", f32(2), i32([0, 1])), step("Min", f32([[0, 9]]), i32([1])), step("Max", f32([[0, 9]]), i32([0])), read,
        step("NdUpdate", f32([7]), i32([[2, 1]])), step("NdAdd", f32([[1, 1]]), i32([[0]])), read, step("Update", f32([[9, 9]]), i32([5])),
    )

    def reference():
        variable = raw.VariableV2(shape=[3], dtype=tf.float32, shared_name="r", name="variable")
        x, at = feed("x", tf.float32), feed("at", tf.int32)
        raw.Assign(ref=variable, value=x, name="assign")
        out("added", raw.AssignAdd(ref=variable, value=x))
        out("subtracted", raw.AssignSub(ref=variable, value=x))
        out("updated", raw.ScatterUpdate(ref=variable, indices=at, updates=x))
        out("scattered", raw.ScatterAdd(ref=variable, indices=at, updates=x))
        out("taken", raw.ScatterSub(ref=variable, indices=at, updates=x))
        out("is", raw.IsVariableInitialized(ref=variable))
        out("read", raw.RefIdentity(input=variable))
        out("sum", raw.AddV2(x=variable, y=x))

    x, at = {"x:0": f32([1, 2, 3])}, {"at:0": i32([0, 2, 0])}
    graph_case(
        "reference variable", reference,
        ({}, ["is:0"]), ({}, ["read:0"]), (x, [], ["assign"]), ({}, ["is:0"]), (x, ["added:0"]), (x, ["added:0"]), (x, ["subtracted:0"]),
        (x | at, ["scattered:0"]), (x | at, ["taken:0"]), (x | at, ["updated:0"]), ({}, ["read:0"]), (x, ["sum:0"]),
    )

    def old():
        variable = raw.Variable(shape=[], dtype=tf.int64, shared_name="o", name="variable")
        out("next", raw.AssignAdd(ref=variable, value=tf.constant(1, tf.int64)))
        raw.Assign(ref=variable, value=tf.constant(5, tf.int64), name="assign")

    graph_case("the oldest variable counts", old, ({}, [], ["assign"]), ({}, ["next:0"]), ({}, ["next:0"]))


def tables():
    def strings(make, old):
        def build():
            suffix = "" if old else "V2"
            table = getattr(raw, f"{make}{suffix}")(key_dtype=tf.string, value_dtype=tf.int64, shared_name="t", name="table")
            keys, values, query = feed("keys", tf.string), feed("values", tf.int64), feed("query", tf.string)
            getattr(raw, f"InitializeTable{suffix}" if make == "HashTable" else f"LookupTableImport{suffix}")(table_handle=table, keys=keys, values=values, name="fill")
            out("found", getattr(raw, f"LookupTableFind{suffix}")(table_handle=table, keys=query, default_value=tf.constant(-1, tf.int64)))
            out("size", getattr(raw, f"LookupTableSize{suffix}")(table_handle=table))

        return build

    fill = ({"keys:0": strs(["a", "é", ""]), "values:0": i64([1, 2**60, 3])}, [], ["fill"])
    wrong = ({"keys:0": strs(["a", "a"]), "values:0": i64([1, 2])}, [], ["fill"])
    ask = ({"query:0": strs([["a", "x"], ["", "é"]])}, ["found:0", "size:0"])
    for old in (False, True):
        graph_case(f"a table of constants{' by reference' if old else ''}", strings("HashTable", old), ask, wrong, fill, ask, fill, ask)
        graph_case(f"a mutable table{' by reference' if old else ''}", strings("MutableHashTable", old), ask, fill, ask)

    def mutable():
        table = raw.MutableHashTableV2(key_dtype=tf.int64, value_dtype=tf.string, shared_name="m")
        keys, values = feed("keys", tf.int64), feed("values", tf.string)
        raw.LookupTableInsertV2(table_handle=table, keys=keys, values=values, name="insert")
        raw.LookupTableRemoveV2(table_handle=table, keys=keys, name="remove")
        raw.LookupTableImportV2(table_handle=table, keys=keys, values=values, name="import")
        out("found", raw.LookupTableFindV2(table_handle=table, keys=keys, default_value=tf.constant("?")))
        exported = raw.LookupTableExportV2(table_handle=table, Tkeys=tf.int64, Tvalues=tf.string)
        out("exported", exported.keys)
        out("values_of", exported.values)
        out("size", raw.LookupTableSizeV2(table_handle=table))

    def of(keys, values=None):
        return {"keys:0": i64(keys)} | ({} if values is None else {"values:0": strs(values)})

    graph_case(
        "a mutable table is changed", mutable,
        (of([1, 2], ["a", "b"]), [], ["insert"]), (of([2, 3], ["c", "d"]), [], ["insert"]), (of([1, 2, 3, 4]), ["found:0", "size:0"]), (of([2]), [], ["remove"]),
        (of([2]), ["found:0", "size:0"]), (of([7], ["z"]), [], ["import"]), (of([1, 7]), ["found:0", "exported:0", "values_of:0"]), (of([7], ["y", "x"]), [], ["insert"]),
    )

    def rows():
        table = raw.MutableHashTableOfTensorsV2(key_dtype=tf.string, value_dtype=tf.float32, value_shape=[2], shared_name="w")
        keys, values = feed("keys", tf.string), feed("values", tf.float32)
        raw.LookupTableInsertV2(table_handle=table, keys=keys, values=values, name="insert")
        out("found", raw.LookupTableFindV2(table_handle=table, keys=keys, default_value=tf.constant([0.0, -1.0])))

    graph_case("a table of rows", rows, ({"keys:0": strs(["a"]), "values:0": f32([[1, 2]])}, [], ["insert"]), ({"keys:0": strs(["a", "b"])}, ["found:0"]))


def lists():
    def build():
        x, at, count = feed("x", tf.float32), feed("at", tf.int32), feed("count", tf.int32)
        any_shape = tf.constant(-1)
        made = raw.TensorListFromTensor(tensor=x, element_shape=any_shape)
        reserved = raw.TensorListReserve(element_shape=tf.constant([2]), num_elements=count, element_dtype=tf.float32)
        empty = raw.EmptyTensorList(element_shape=any_shape, max_num_elements=tf.constant(-1), element_dtype=tf.float32)
        get = lambda handle: raw.TensorListGetItem(input_handle=handle, index=at, element_shape=any_shape, element_dtype=tf.float32)
        stack = lambda handle, **more: raw.TensorListStack(input_handle=handle, element_shape=any_shape, element_dtype=tf.float32, **more)
        out("item", get(made))
        out("unset", get(reserved))
        out("stacked", stack(raw.TensorListSetItem(input_handle=reserved, index=at, item=tf.constant([5.0, 6.0]))))
        out("grown", stack(raw.TensorListSetItem(input_handle=made, index=at, item=tf.constant([5.0, 6.0]), resize_if_index_out_of_bounds=True)))
        out("of_three", stack(made, num_elements=3))
        pushed = raw.TensorListPushBack(input_handle=raw.TensorListPushBack(input_handle=empty, tensor=x), tensor=x * 2)
        out("pushed", stack(pushed))
        popped = raw.TensorListPopBack(input_handle=pushed, element_shape=any_shape, element_dtype=tf.float32)
        out("popped", popped.tensor)
        out("left", raw.TensorListLength(input_handle=popped.output_handle))
        out("none", raw.TensorListPopBack(input_handle=empty, element_shape=any_shape, element_dtype=tf.float32).tensor)
        out("resized", stack(raw.TensorListResize(input_handle=made, size=count)))
        out("element", raw.TensorListElementShape(input_handle=reserved, shape_type=tf.int32))
        out("element_any", raw.TensorListElementShape(input_handle=empty, shape_type=tf.int32))
        places = feed("places", tf.int32)
        out("gathered", raw.TensorListGather(input_handle=made, indices=places, element_shape=any_shape, element_dtype=tf.float32))
        scattered = raw.TensorListScatterV2(tensor=x, indices=places, element_shape=tf.constant([2]), num_elements=tf.constant(-1))
        out("scattered", stack(scattered))
        lengths = feed("lengths", tf.int64)
        parts = raw.TensorListSplit(tensor=x, element_shape=tf.constant([-1, 2]), lengths=lengths)
        out("part", get(parts))
        joined = raw.TensorListConcatV2(input_handle=parts, element_shape=tf.constant([-1, 2]), leading_dims=tf.constant([], tf.int64), element_dtype=tf.float32)
        out("joined", joined.tensor)
        out("lengths_of", joined.lengths)

    x = {"x:0": f32([[1, 2], [3, 4]])}
    at, count, places = (lambda i: {"at:0": i32(i)}), (lambda i: {"count:0": i32(i)}), (lambda i: {"places:0": i32(i)})
    graph_case(
        "tensor lists", build,
        (x | at(1), ["item:0"]), (x | at(2), ["item:0"]), (x | at(-1), ["item:0"]), (at(0) | count(2), ["unset:0"]), (at(1) | count(3), ["stacked:0"]), (at(3) | count(3), ["stacked:0"]),
        (count(-1) | at(0), ["unset:0"]), (x | at(3), ["grown:0"]), (x, ["of_three:0"]), (x, ["pushed:0", "popped:0", "left:0"]), ({}, ["none:0"]), (x | count(1), ["resized:0"]), (x | count(3), ["resized:0"]),
        (count(2), ["element:0", "element_any:0"]), (x | places([1, 0, 1]), ["gathered:0"]), (x | places([2]), ["gathered:0"]), (x | places([2, 0]), ["scattered:0"]),
        (x | {"lengths:0": i64([0, 2])} | at(1), ["part:0", "joined:0", "lengths_of:0"]), (x | {"lengths:0": i64([1, 2])} | at(1), ["part:0"]),
    )

    def mapped():
        x = feed("x", tf.float32, [None, 2])
        out("y", tf.map_fn(lambda row: tf.reduce_sum(row) * row, x))
        out("z", tf.scan(lambda a, b: a + b, x))

    graph_case("map and scan", mapped, ({"x:0": f32([[1, 2], [3, 4], [5, 6]])}, ["y:0", "z:0"]))


def arrays():
    def build():
        x, at, size, places, lengths = feed("x", tf.float32), feed("at", tf.int32), feed("size", tf.int32), feed("places", tf.int32), feed("lengths", tf.int64)

        def made(**more):
            return raw.TensorArrayV3(size=size, dtype=tf.float32, **more)

        fixed = made()
        flow = raw.TensorArrayWriteV3(handle=fixed.handle, index=at, value=x, flow_in=fixed.flow)
        out("written", raw.TensorArrayReadV3(handle=fixed.handle, index=at, flow_in=flow, dtype=tf.float32))
        out("size_of", raw.TensorArraySizeV3(handle=fixed.handle, flow_in=flow))
        out("unread", raw.TensorArrayReadV3(handle=fixed.handle, index=places, flow_in=flow, dtype=tf.float32))
        grown = made(dynamic_size=True)
        out("grown", raw.TensorArraySizeV3(handle=grown.handle, flow_in=raw.TensorArrayWriteV3(handle=grown.handle, index=at, value=x, flow_in=grown.flow)))
        rows = made(dynamic_size=True)
        scattered = raw.TensorArrayScatterV3(handle=rows.handle, indices=places, value=x, flow_in=rows.flow)
        out("gathered", raw.TensorArrayGatherV3(handle=rows.handle, indices=at, flow_in=scattered, dtype=tf.float32))
        parts = made(clear_after_read=False)
        split = raw.TensorArraySplitV3(handle=parts.handle, value=x, lengths=lengths, flow_in=parts.flow)
        out("part", raw.TensorArrayReadV3(handle=parts.handle, index=at, flow_in=split, dtype=tf.float32))
        joined = raw.TensorArrayConcatV3(handle=parts.handle, flow_in=split, dtype=tf.float32)
        out("joined", joined.value)
        out("lengths_of", joined.lengths)
        alike = made(identical_element_shapes=True)
        one = raw.TensorArrayWriteV3(handle=alike.handle, index=at, value=x, flow_in=alike.flow)
        zeros = raw.TensorArrayReadV3(handle=alike.handle, index=places, flow_in=one, dtype=tf.float32)
        with tf.control_dependencies([zeros]):
            raw.TensorArrayCloseV3(handle=alike.handle, name="close")
        out("zeros", zeros)

    x, size, at, places, lengths = {"x:0": f32([[1, 2], [3, 4]])}, (lambda n: {"size:0": i32(n)}), (lambda i: {"at:0": i32(i)}), (lambda i: {"places:0": i32(i)}), (lambda n: {"lengths:0": i64(n)})
    graph_case(
        "tensor arrays", build,
        (x | size(2) | at(1), ["written:0", "size_of:0"]), (x | size(2) | at(0) | places(1), ["unread:0"]), (x | size(2) | at(2), ["written:0"]), (x | size(2) | at(-1), ["written:0"]),
        (x | size(1) | at(4), ["grown:0"]), (x | size(3) | places([2, 0]) | at([0, 2]), ["gathered:0"]), (x | size(3) | places([2, 0]) | at([0, 5]), ["gathered:0"]), (x | size(3) | places([0, 1]) | at([2, 0]), ["gathered:0"]), (x | size(2) | at(0) | places(1), ["zeros:0"], ["close"]),
        (x | size(2) | lengths([1, 1]) | at(1), ["part:0", "joined:0", "lengths_of:0"]), (x | size(2) | lengths([0, 2]) | at(1), ["part:0", "joined:0", "lengths_of:0"]),
        (x | size(2) | lengths([1, 2]) | at(1), ["part:0"]), (x | size(3) | lengths([1, 1]) | at(1), ["part:0"]), (size(-1) | x | at(0), ["written:0"]),
    )


def control():
    def branches():
        x, which = feed("x", tf.float32), feed("which", tf.bool)
        out("y", tf.cond(which, lambda: x * 2.0, lambda: tf.cond(tf.reduce_sum(x) > 5.0, lambda: -x, lambda: x)))
        index = feed("index", tf.int32)
        out("z", tf.switch_case(index, [lambda: x + 1.0, lambda: x + 2.0, lambda: x + 3.0]))

    x = {"x:0": f32([1, 5])}
    graph_case(
        "branches", branches,
        (x | {"which:0": np.array(True)}, ["y:0"]), (x | {"which:0": np.array(False)}, ["y:0"]), ({"x:0": f32([1]), "which:0": np.array(False)}, ["y:0"]),
        *[(x | {"index:0": i32(at)}, ["z:0"]) for at in (0, 1, 2, 7, -1)],
    )

    def loops():
        n = feed("n", tf.int32)
        total = tf.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s + tf.cast(i, tf.float32) * tf.cond(tf.equal(i % 2, 0), lambda: 1.0, lambda: -1.0)), (0, 0.0))
        out("i", total[0])
        out("s", total[1])

    graph_case("loops", loops, *[({"n:0": i32(count)}, ["i:0", "s:0"]) for count in (0, 1, 5, 100)])

    def effects():
        handle = raw.VarHandleOp(dtype=tf.float32, shape=[], shared_name="c")
        raw.AssignVariableOp(resource=handle, value=tf.constant(0.0), name="init")

        def bump(by):
            raw.AssignAddVariableOp(resource=handle, value=tf.constant(by))
            return raw.ReadVariableOp(resource=handle, dtype=tf.float32)

        which, index, n = feed("which", tf.bool), feed("index", tf.int32), feed("n", tf.int32)
        out("y", tf.cond(which, lambda: bump(1.0), lambda: bump(10.0)))
        out("z", tf.switch_case(index, [lambda: bump(100.0), lambda: bump(1000.0)]))
        out("w", tf.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, bump(0.5)), (0, 0.0))[1])

    graph_case(
        "branches and loops with effects", effects,
        ({}, [], ["init"]), ({"which:0": np.array(True)}, ["y:0"]), ({"which:0": np.array(False)}, ["y:0"]), ({"index:0": i32(0)}, ["z:0"]), ({"index:0": i32(9)}, ["z:0"]), ({"n:0": i32(3)}, ["w:0"]),
    )

    def asserts():
        ok = feed("ok", tf.bool)
        values = feed("values", tf.float32)
        words = feed("words", tf.string)
        checked = raw.Assert(condition=ok, data=["told:", values, words, tf.constant([1, 2, 3, 4])], name="assert_three")
        raw.Assert(condition=ok, data=[values], summarize=-1, name="assert_all")
        with tf.control_dependencies([checked]):
            out("y", values + 1.0)
        with tf.control_dependencies([raw.PrintV2(input=tf.constant(""), output_stream="stderr", end=""), raw.ControlTrigger()]):
            out("z", raw.Print(input=values, data=[values], first_n=0))

    bad = {"ok:0": np.array(False), "words:0": strs(["a", "b"])}
    graph_case(
        "assertions", asserts,
        ({"ok:0": np.array(True), "values:0": f32([1, 2]), "words:0": strs("x")}, ["y:0"]), ({"values:0": f32([1])}, ["z:0"]),
        *[(bad | {"values:0": values}, ["y:0"]) for values in (f32(1.5), f32([1, 2, 3, 4, 5]), f32([[1, 2], [3, 4.25]]), f32([]), f32([np.nan, 1e10, -0.5]))],
        *[(bad | {"values:0": values}, [], ["assert_all"]) for values in (f32([[1, 2], [3, 4]]), f32([1e-7]), f32([123456789]))],
    )


def nodes():
    def build():
        out("constant", tf.constant([[1, 2], [3, 4]], tf.int64))
        out("spread", tf.fill([2], tf.constant(np.float16(1.5))))
        x = feed("x", tf.float32)
        out("y", raw.PlaceholderWithDefault(input=tf.constant([1.0]), shape=[None], name="maybe") + x)
        with tf.control_dependencies([tf.no_op()]):
            out("z", tf.identity(x))

    graph_case("constants and placeholders", build, ({}, ["constant:0", "spread:0"]), ({"x:0": f32([2])}, ["y:0", "z:0"]), ({"x:0": f32([2]), "maybe:0": f32([5, 6])}, ["y:0"]), ({}, ["y:0"]))
