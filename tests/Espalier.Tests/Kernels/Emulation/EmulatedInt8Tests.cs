using Espalier.Kernels;
using Espalier.Kernels.Emit;
using Espalier.Kernels.Int8;
using Espalier.Kernels.Reference;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels.Emulation;

/// <summary>
/// int8 kernels whose instructions this machine may lack, run whole (packing, driver, tiles, epilogue) with their
/// emitted code in the interpreter: the bits of plain loops.
/// </summary>
public sealed class EmulatedInt8Tests
{
    static readonly ReferenceInt8Gemm Reference = new();

    static AmxInt8Gemm Amx(InterpretedCpu cpu)
    {
        Assert.SkipUnless(Avx512Int8Gemm.IsSupported, "its epilogue needs AVX-512");
        return new AmxInt8Gemm(cpu);
    }

    static AvxVnniInt8Gemm AvxVnni(InterpretedCpu cpu)
    {
        Assert.SkipUnless(Avx2Int8Gemm.IsSupported, "its epilogue needs AVX2");
        return new AvxVnniInt8Gemm(cpu);
    }

    [Fact]
    public void AMX_products_have_the_bits_of_plain_loops() =>
        AssertReference(Amx(new InterpretedCpu()));

    [Fact]
    public void AVX_VNNI_products_have_the_bits_of_plain_loops() =>
        AssertReference(AvxVnni(new InterpretedCpu()));

    [Fact]
    public void AMX_sums_stay_exact_at_the_ends_of_all_bytes() =>
        AssertExtremes(Amx(new InterpretedCpu()));

    [Fact]
    public void AVX_VNNI_sums_stay_exact_at_the_ends_of_all_bytes() =>
        AssertExtremes(AvxVnni(new InterpretedCpu()));

    // 40 rows are three tiles of 14 with the last one starting early; 100 are 3 x 32 and 4 more. A step is 64
    // inputs, a strip 32 columns.
    [Theory]
    [InlineData(40, 3 * 2 * 2 * 6)]
    [InlineData(32, 2 * 2 * 2 * 6)]
    [InlineData(9, 1 * 2 * 2 * 6)]
    [InlineData(100, (3 * 2 * 2 + 1 * 2) * 2 * 6)]
    public void AMX_rows_are_cut_into_the_fewest_tiles(int rows, int products)
    {
        InterpretedCpu cpu = new();
        Int8Case each = new(rows, 64, 384);
        using Workers workers = new(1);
        each.Product(Amx(cpu), workers);
        Assert.Equal(products, cpu.Count("tdpbusd"));
    }

    // The caller's thread: once per product, given back after it, however many tiles and panels there are.
    [Fact]
    public void The_shapes_of_tiles_are_set_once_and_given_back()
    {
        InterpretedCpu cpu = new();
        AmxInt8Gemm amx = Amx(cpu);
        using Workers workers = new(1);
        new Int8Case(40, 300, 1000).Product(amx, workers);
        Assert.Equal((1, 1), (cpu.Count("ldtilecfg"), cpu.Count("tilerelease")));
        new Int8Case(96, 300, 100).Product(amx, workers);
        Assert.Equal((2, 2), (cpu.Count("ldtilecfg"), cpu.Count("tilerelease")));
    }

    // A thread of ours keeps them from product to product and gives them back when it goes to sleep.
    [Fact]
    public void A_worker_keeps_its_tiles_until_it_sleeps()
    {
        InterpretedCpu cpu = new();
        AmxInt8Gemm amx = Amx(cpu);
        using (Workers workers = new(3))
        {
            Int8Case each = new(96, 2000, 64);
            Tensor expected = each.Product(Reference, workers);
            for (int i = 0; i < 5; i++)
            {
                each.AssertSameBits(expected, each.Product(amx, workers));
            }
        }

        // Two workers may sleep between products; nobody sets shapes more often than it gave them back, plus one.
        long set = cpu.Count("ldtilecfg"),
            given = cpu.Count("tilerelease");
        Assert.True(set >= 5 && set - given is >= 0 and <= 2, $"set {set}, given back {given}");
    }

    // AMX first, then by width; what a machine lacks is named when it is forced.
    [Fact]
    public void Families_are_listed_best_first_and_say_what_they_need()
    {
        Assert.Equal(
            ["amx", "avx512-vnni", "avx512", "avx-vnni", "avx2", "reference"],
            KernelFamily.All.Select(f => f.Name)
        );
        foreach (KernelFamily family in KernelFamily.All.Where(f => !f.IsSupported))
        {
            Assert.Null(family.Bf16);
            string refusal = Assert
                .Throws<ArgumentException>(() => KernelFamily.Choose(family.Name))
                .Message;
            Assert.Contains(family.Needs, refusal);
        }
    }

    static void AssertReference(Int8Gemm int8)
    {
        using Workers workers = new(2);
        foreach (var (m, n, k) in Int8Case.Shapes)
        {
            Int8Case each = new(m, n, k);
            each.AssertSameBits(each.Product(Reference, workers), each.Product(int8, workers));
        }
    }

    // The largest sums there are, of both signs, with both largest zero points.
    static void AssertExtremes(Int8Gemm int8)
    {
        const int inputs = 4096;
        using Workers workers = new(1);
        Tensor weights = new(2, inputs);
        weights.Row(0).Fill(1);
        weights.Row(1).Fill(-1);
        QuantizedRows x = new(2, inputs) { Rows = 2 };
        x.Values.AsSpan(0, x.Stride).Fill(255);
        (x.Scales[0], x.Scales[1], x.ZeroPoints[1]) = (1, 1, 255);
        Tensor y = new(2, 2);
        int8.Multiply(workers, x, int8.Pack(weights), y);
        const int most = 255 * 127 * inputs;
        float value = most * (1f / 127f);
        Assert.Equal([value, -value, -value, value], y.Span.ToArray());
    }
}
