"""Sixteen numbers at once, for the kernels in which nearly all time goes.

Left to itself, the compiler adds up a row of weights number by number in memory. These few operations say what is
meant: a row is loaded, widened and added as a whole. LLVM makes of them whatever the processor has, from one
instruction to four. Addresses are not checked.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import errors, types
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

from moderation.kernel.jit import inline
from moderation.kernel.packing import DOWN, UP, WORDS

LANES = 16
N_LABELS = 12
"""Labels of a model; their lanes stand first."""
INT32 = ir.IntType(32)
FLOAT = ir.FloatType()
INT_VECTOR = ir.VectorType(INT32, LANES)
FOUR = 4
FOUR_INTS = ir.VectorType(INT32, FOUR)
FLOAT_VECTOR = ir.VectorType(FLOAT, LANES)
SHORT = ir.IntType(16)
PAIR_VECTOR = ir.VectorType(SHORT, 2 * LANES)


class Sixteen(types.Type):
    """Sixteen numbers of one kind, or four, held in registers."""

    def __init__(self, name: str, lanes: ir.VectorType) -> None:
        self.lanes = lanes
        super().__init__(name=name)


ints = Sixteen("sixteen_int32", INT_VECTOR)
floats = Sixteen("sixteen_float32", FLOAT_VECTOR)
fours = Sixteen("four_int32", FOUR_INTS)
pairs = Sixteen("sixteen_pairs_of_int16", PAIR_VECTOR)


@register_model(Sixteen)
class SixteenModel(models.PrimitiveModel):
    """A vector is its own value."""

    def __init__(self, manager: Any, kind: Sixteen) -> None:
        super().__init__(manager, kind, kind.lanes)


def operation(symbol: Any, kind: Sixteen, instruction: str) -> None:
    """Let a Python operator stand for an instruction."""

    @infer_global(symbol)
    class Typed(AbstractTemplate):
        key = symbol

        def generic(self, args: tuple[types.Type, ...], kws: dict[str, types.Type]) -> Any:
            return signature(kind, kind, kind) if args == (kind, kind) else None

    @lower_builtin(symbol, kind, kind)
    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args)


for symbol, with_ints, with_floats in (
    (operator.add, "add", "fadd"),
    (operator.iadd, "add", "fadd"),
    (operator.sub, "sub", "fsub"),
    (operator.mul, "mul", "fmul"),
    (operator.truediv, "", "fdiv"),
):
    if with_ints:
        operation(symbol, ints, with_ints)
        operation(symbol, fours, with_ints)
    if with_floats:
        operation(symbol, floats, with_floats)


def filled(builder: Any, value: Any, lanes: ir.VectorType) -> Any:
    """The same number sixteen times."""
    one = builder.insert_element(ir.Constant(lanes, ir.Undefined), value, ir.Constant(INT32, 0))
    return builder.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), ir.Constant(INT_VECTOR, [0] * LANES))


def repeated(builder: Any, pair: Any) -> Any:
    """The same two numbers sixteen times."""
    return builder.shuffle_vector(pair, pair, ir.Constant(ir.VectorType(INT32, 2 * LANES), [0, 1] * LANES))


def address(context: Any, builder: Any, kind: Any, array: Any, at: Any, lanes: ir.VectorType) -> Any:
    """A pointer to sixteen numbers from place `at` of a contiguous array on, counted in its elements.

    Another layout is refused while compiling: the numbers read would be others than those meant.
    """
    if kind.layout != "C":
        raise errors.NumbaTypeError(f"expected an array in C order, found {kind}; use np.ascontiguousarray")
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), lanes.as_pointer())


def numbers_of(builder: Any, words: Any) -> Any:
    """The numbers of a packed row: a word stands in a lane for each of its numbers, and is moved up and down there.

    The lanes behind the last number do as those before them: zeros would cost an instruction.
    """
    wide = builder.shuffle_vector(words, words, ir.Constant(INT_VECTOR, list(range(WORDS)) * (LANES // WORDS)))
    up, down = ([*np.repeat(bits, WORDS).tolist(), *[bits[-1]] * WORDS] for bits in (UP, DOWN))
    return builder.ashr(builder.shl(wide, ir.Constant(INT_VECTOR, up)), ir.Constant(INT_VECTOR, down))


def loading(kind: Sixteen, stored: ir.VectorType, align: int, widen: Callable[[Any, Any], Any] | None = None) -> Any:
    """An operation that reads sixteen numbers of an array."""

    def load(typing: Any, array: Any, at: Any) -> Any:
        def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
            place = context.cast(builder, args[1], signed.args[1], types.int64)
            pointer = address(context, builder, signed.args[0], args[0], place, stored)
            found = builder.load(pointer, align=align)
            return widen(builder, found) if widen else found

        return kind(array, at), lowered

    return intrinsic(load)


load_row: Any = loading(ints, FOUR_INTS, 4, numbers_of)
"""load_row(array, at): the numbers of four int32 words as int32, see packing.py; the last four stand twice."""
load_four: Any = loading(fours, ir.VectorType(ir.IntType(8), FOUR), 1, lambda b, v: b.sext(v, FOUR_INTS))
"""load_four(array, at): four int8 as int32."""
load_ints: Any = loading(ints, INT_VECTOR, 4)
load_floats: Any = loading(floats, FLOAT_VECTOR, 4)
load_pairs: Any = loading(pairs, PAIR_VECTOR, 2)
"""load_pairs(array, at): sixteen times two int16."""
spread_pair: Any = loading(pairs, ir.VectorType(SHORT, 2), 2, repeated)
"""spread_pair(array, at): two int16 sixteen times."""


@intrinsic
def store(typing: Any, array: Any, at: Any, value: Any) -> Any:
    """Write the numbers to an array of the same kind of number, from place `at` on."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        place = context.cast(builder, args[1], signed.args[1], types.int64)
        pointer = address(context, builder, signed.args[0], args[0], place, signed.args[2].lanes)
        builder.store(args[2], pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, at, value), lowered


@intrinsic
def store_rounded(typing: Any, array: Any, at: Any, value: Any) -> Any:
    """Write float32 between -2^15 and 2^15 to an array of int16, from place `at` on, rounded, halves to the even one.

    With 1.5 * 2^23 added to it, the lower bits of a float32 are a whole number.
    """

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        place = context.cast(builder, args[1], signed.args[1], types.int64)
        narrow = ir.VectorType(SHORT, LANES)
        pointer = address(context, builder, signed.args[0], args[0], place, narrow)
        bits = builder.bitcast(builder.fadd(args[2], ir.Constant(FLOAT_VECTOR, [12582912.0] * LANES)), INT_VECTOR)
        builder.store(builder.trunc(bits, narrow), pointer, align=2)
        return context.get_dummy_value()

    return types.void(array, at, value), lowered


@intrinsic
def add_products(typing: Any, sums: Any, one: Any, other: Any) -> Any:
    """sums + the products of two pairs' numbers, both: one instruction where the processor has it."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        wide = ir.VectorType(INT32, 2 * LANES)
        products = builder.mul(builder.sext(args[1], wide), builder.sext(args[2], wide))
        first, second = (
            builder.shuffle_vector(products, products, ir.Constant(INT_VECTOR, list(range(begin, 2 * LANES, 2))))
            for begin in (0, 1)
        )
        return builder.add(args[0], builder.add(first, second))

    return ints(sums, one, other), lowered


@intrinsic
def spread(typing: Any, value: Any) -> Any:
    """A float32 sixteen times."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        return filled(builder, args[0], FLOAT_VECTOR)

    return floats(types.float32), lowered


@intrinsic
def no_four(typing: Any) -> Any:
    """Four zeros."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        return ir.Constant(FOUR_INTS, [0] * FOUR)

    return fours(), lowered


@intrinsic
def no_ints(typing: Any) -> Any:
    """Sixteen zeros."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        return ir.Constant(INT_VECTOR, [0] * LANES)

    return ints(), lowered


@intrinsic
def no_floats(typing: Any) -> Any:
    """Sixteen zeros."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        return ir.Constant(FLOAT_VECTOR, [0.0] * LANES)

    return floats(), lowered


@intrinsic
def to_floats(typing: Any, value: Any) -> Any:
    """int32 as float32."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        return builder.sitofp(args[0], FLOAT_VECTOR)

    return floats(value), lowered


@intrinsic
def larger(typing: Any, one: Any, other: Any) -> Any:
    """Lane by lane, the larger of two; `other` where `one` is no number."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *args), *args)

    return floats(one, other), lowered


@intrinsic
def smaller(typing: Any, one: Any, other: Any) -> Any:
    """Lane by lane, the smaller of two."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", *args), *args)

    return floats(one, other), lowered


@intrinsic
def multiply_add(typing: Any, one: Any, other: Any, third: Any) -> Any:
    """one * other + third, rounded once where the processor can."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        kind = ir.FunctionType(FLOAT_VECTOR, [FLOAT_VECTOR] * 3)
        fused = builder.module.declare_intrinsic(f"llvm.fmuladd.v{LANES}f32", fnty=kind)
        return builder.call(fused, args)

    return floats(one, other, third), lowered


@intrinsic
def near_bits(typing: Any, array: Any, at: Any, value: Any, limit: Any) -> Any:
    """Which of LANES float32 numbers from `at` on lie within the limit around the value: bits of an int32."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        place = context.cast(builder, args[1], signed.args[1], types.int64)
        found = builder.load(address(context, builder, signed.args[0], args[0], place, FLOAT_VECTOR), align=4)
        apart = builder.fsub(found, filled(builder, args[2], FLOAT_VECTOR))
        far = filled(builder, args[3], FLOAT_VECTOR)
        within = builder.and_(
            builder.fcmp_ordered("<=", apart, far), builder.fcmp_ordered(">=", apart, builder.fneg(far))
        )
        return builder.zext(builder.bitcast(within, ir.IntType(LANES)), INT32)

    return types.int32(array, at, types.float32, types.float32), lowered


def folded(builder: Any, vector: Any, join: Callable[[Any, Any], Any]) -> Any:
    """One number out of sixteen, joined in halves: always in the same order."""
    width = LANES // 2
    while width:
        order = [lane + width if lane < width else lane for lane in range(LANES)]
        moved = builder.shuffle_vector(vector, vector, ir.Constant(INT_VECTOR, order))
        vector = join(vector, moved)
        width //= 2
    return builder.extract_element(vector, ir.Constant(INT32, 0))


@intrinsic
def total(typing: Any, value: Any) -> Any:
    """The sum of all lanes."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        return folded(builder, args[0], builder.fadd)

    return types.float32(value), lowered


@intrinsic
def largest(typing: Any, value: Any) -> Any:
    """The largest lane."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        return folded(builder, args[0], lambda a, b: builder.select(builder.fcmp_ordered(">", a, b), a, b))

    return types.float32(value), lowered


@intrinsic
def power_of_two(typing: Any, shifted: Any) -> Any:
    """2^n from n + 1.5 * 2^23, whose lower bits hold n."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        bits = builder.bitcast(args[0], INT_VECTOR)
        biased = builder.add(bits, ir.Constant(INT_VECTOR, [127 - 0x4B400000] * LANES))
        return builder.bitcast(builder.shl(biased, ir.Constant(INT_VECTOR, [23] * LANES)), FLOAT_VECTOR)

    return floats(shifted), lowered


@intrinsic
def exponent(typing: Any, value: Any) -> Any:
    """n of a positive m * 2^n with m in [sqrt(1/2), sqrt(2))."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        bits = builder.sub(builder.bitcast(args[0], INT_VECTOR), ir.Constant(INT_VECTOR, [0x3F3504F3] * LANES))
        return builder.sitofp(builder.ashr(bits, ir.Constant(INT_VECTOR, [23] * LANES)), FLOAT_VECTOR)

    return floats(value), lowered


@intrinsic
def mantissa(typing: Any, value: Any) -> Any:
    """m of a positive m * 2^n with m in [sqrt(1/2), sqrt(2))."""

    def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
        root = ir.Constant(INT_VECTOR, [0x3F3504F3] * LANES)
        bits = builder.and_(
            builder.sub(builder.bitcast(args[0], INT_VECTOR), root), ir.Constant(INT_VECTOR, [0x7FFFFF] * LANES)
        )
        return builder.bitcast(builder.add(bits, root), FLOAT_VECTOR)

    return floats(value), lowered


def labels(padding: float) -> tuple[Any, Any]:
    """Operations that read and write the first N_LABELS lanes, and touch nothing behind them.

    padding: what the other lanes hold when they are read.
    """
    narrow = ir.VectorType(FLOAT, N_LABELS)

    def load(typing: Any, array: Any, at: Any) -> Any:
        def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
            place = context.cast(builder, args[1], signed.args[1], types.int64)
            found = builder.load(address(context, builder, signed.args[0], args[0], place, narrow), align=4)
            order = [*range(N_LABELS), *[N_LABELS] * (LANES - N_LABELS)]
            return builder.shuffle_vector(
                found, ir.Constant(narrow, [padding] * N_LABELS), ir.Constant(INT_VECTOR, order)
            )

        return floats(array, at), lowered

    def store(typing: Any, array: Any, at: Any, value: Any) -> Any:
        def lowered(context: Any, builder: Any, signed: Any, args: Any) -> Any:
            place = context.cast(builder, args[1], signed.args[1], types.int64)
            pointer = address(context, builder, signed.args[0], args[0], place, narrow)
            order = ir.Constant(ir.VectorType(INT32, N_LABELS), list(range(N_LABELS)))
            builder.store(builder.shuffle_vector(args[2], args[2], order), pointer, align=4)
            return context.get_dummy_value()

        return types.void(array, at, value), lowered

    return intrinsic(load), intrinsic(store)


load_labels, store_labels = labels(0.0)
"""load_labels(array, at): N_LABELS float32, and zeros behind them. store_labels(array, at, value)."""
labels_or_never = labels(-3e38)[0]
"""labels_or_never(array, at): N_LABELS logits, and behind them those of what never is."""


@inline
def exp(x: Any) -> Any:
    """e^x to two units in the last place, for x from -80 to 88; smaller ones count as -80.

    What is smaller would soon be denormal, which costs a processor a hundred times what other numbers do. The
    polynomial is that of Cephes' expf.
    """
    x = larger(x, spread(np.float32(-80.0)))
    shifted = x * spread(np.float32(1.44269504)) + spread(np.float32(12582912.0))
    n = shifted - spread(np.float32(12582912.0))
    r = x - n * spread(np.float32(0.693359375)) - n * spread(np.float32(-2.12194440e-4))
    y = multiply_add(spread(np.float32(1.9875691500e-4)), r, spread(np.float32(1.3981999507e-3)))
    y = multiply_add(y, r, spread(np.float32(8.3334519073e-3)))
    y = multiply_add(y, r, spread(np.float32(4.1665795894e-2)))
    y = multiply_add(y, r, spread(np.float32(1.6666665459e-1)))
    y = multiply_add(y, r, spread(np.float32(5.0000001201e-1)))
    y = multiply_add(y * r, r, r) + spread(np.float32(1.0))
    return y * power_of_two(shifted)


@inline
def log(x: Any) -> Any:
    """The natural logarithm of positive numbers that are not denormal, to two units in the last place.

    The polynomial is that of Cephes' logf.
    """
    n = exponent(x)
    r = mantissa(x) - spread(np.float32(1.0))
    square = r * r
    y = multiply_add(spread(np.float32(7.0376836292e-2)), r, spread(np.float32(-1.1514610310e-1)))
    y = multiply_add(y, r, spread(np.float32(1.1676998740e-1)))
    y = multiply_add(y, r, spread(np.float32(-1.2420140846e-1)))
    y = multiply_add(y, r, spread(np.float32(1.4249322787e-1)))
    y = multiply_add(y, r, spread(np.float32(-1.6668057665e-1)))
    y = multiply_add(y, r, spread(np.float32(2.0000714765e-1)))
    y = multiply_add(y, r, spread(np.float32(-2.4999993993e-1)))
    y = multiply_add(y, r, spread(np.float32(3.3333331174e-1)))
    y = y * r * square
    y = y + n * spread(np.float32(-2.12194440e-4))
    y = y - square * spread(np.float32(0.5))
    return r + y + n * spread(np.float32(0.693359375))


@inline
def softmax_of(logits: Any) -> Any:
    """e^x over the sum of them all; lanes of -1e30 become next to nothing."""
    powers = exp(logits - spread(largest(logits)))
    return powers / spread(total(powers))
