using System.Runtime.Intrinsics.X86;
using Espalier.Kernels;
using Espalier.Kernels.Emit;
using Espalier.Tensors;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Tests.Kernels.Emulation;

/// <summary>
/// The interpreter against this machine's processor, where that has the instructions: what it says of kernels that
/// the machine cannot run is worth as much as this.
/// </summary>
public sealed class InterpreterTests
{
    [Fact]
    public void VNNI_tiles_give_the_bits_of_the_processor()
    {
        Assert.SkipUnless(VnniInt8Gemm.IsSupported, "this processor has no AVX-512 VNNI");
        InterpretedCpu cpu = new();
        VnniInt8Gemm here = new(),
            interpreted = new(cpu);
        using Workers workers = new(2);
        foreach (var (m, n, k) in Int8Case.Shapes)
        {
            Int8Case each = new(m, n, k);
            each.AssertSameBits(each.Product(here, workers), each.Product(interpreted, workers));
        }

        Assert.True(cpu.Count("vpdpbusd") > 1000, $"{cpu.Count("vpdpbusd")} products were run");
    }

    // Numbers of all sizes, so that the order of additions shows in the last bits; and products about the
    // smallest normal number, so that denormals would show.
    [Theory]
    [InlineData(0)]
    [InlineData(-63)]
    public void Bfloat16_tiles_give_the_bits_of_the_processor(int exponent)
    {
        Assert.SkipUnless(DotBf16Gemm.IsSupported, "this processor has no fast vdpbf16ps");
        InterpretedCpu cpu = new();
        DotBf16Gemm here = new(),
            interpreted = new(cpu);
        using Workers workers = new(2);
        foreach (var (m, n, k) in Int8Case.Shapes)
        {
            Tensor a = GemmCase.Normal("a", m, k),
                b = GemmCase.Normal("b", n, k);
            for (int i = 0; i < a.Count; i++)
            {
                a.Span[i] *= MathF.ScaleB(1, exponent + i * 7 % 21 - 10);
            }

            for (int i = 0; i < b.Count; i++)
            {
                b.Span[i] *= MathF.ScaleB(1, exponent);
            }

            Tensor expected = new(m, n),
                actual = new(m, n);
            here.Multiply(workers, a, false, here.Pack(workers, b, true), expected);
            interpreted.Multiply(workers, a, false, interpreted.Pack(workers, b, true), actual);
            for (int i = 0; i < expected.Count; i++)
            {
                Assert.True(
                    BitConverter.SingleToInt32Bits(expected.Span[i])
                        == BitConverter.SingleToInt32Bits(actual.Span[i]),
                    $"{m}x{n}x{k} at {i}: the processor says {expected.Span[i]:R}, "
                        + $"the interpreter {actual.Span[i]:R}"
                );
            }
        }

        Assert.True(cpu.Count("vdpbf16ps") > 1000, $"{cpu.Count("vdpbf16ps")} products were run");
    }

    [Fact]
    public void An_instruction_that_it_does_not_know_fails_by_name()
    {
        string message = Fails(c => c.cpuid());
        Assert.Contains("cpuid", message);
    }

    [Fact]
    public void A_register_of_the_callers_that_is_not_restored_fails()
    {
        Assert.Contains("Register 3", Fails(c => c.mov(rbx, 1)));
        Assert.Contains("vzeroupper", Fails(c => c.vpbroadcastd(ymm1, xmm2)));
    }

    [Fact]
    public void Tiles_without_a_shape_or_with_shapes_that_do_not_fit_fail()
    {
        Assert.Contains("no shape", Fails(c => c.tilezero(tmm0)));
        Assert.Contains("palette is", Fails(c => c.ldtilecfg(__[rsp])));
    }

    [Fact]
    public void XGETBV_says_that_the_system_saves_what_the_runtime_uses()
    {
        Assert.SkipUnless(Avx2.IsSupported && MachineCode.IsAllowed, "no AVX here");
        const long xmm = 1 << 1,
            ymm = 1 << 2,
            zmm = 7 << 5;
        long wanted = xmm | ymm | (Avx512F.IsSupported ? zmm : 0);
        Assert.Equal(wanted, Processor.SavedState() & wanted);
    }

    // What the failed assertion says; empty where nothing failed.
    static string Fails(Action<Assembler> body)
    {
        Assembler c = new(64);
        body(c);
        c.ret();
        InterpretedCpu cpu = new();
        nint code = cpu.Load(TileCode.Bytes(c));
        return Record.Exception(() => cpu.Call(code, 0, brief: true))?.Message ?? "";
    }
}
