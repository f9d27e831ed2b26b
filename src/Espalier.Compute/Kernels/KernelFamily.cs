using Espalier.Kernels.Emit;
using Espalier.Kernels.Fp32;
using Espalier.Kernels.Grouped;
using Espalier.Kernels.Heads;
using Espalier.Kernels.Int8;
using Espalier.Kernels.Reference;
using Espalier.Kernels.Rowwise;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels;

/// <summary>
/// One way of computing everything, for one kind of processor. <see cref="All"/> is the ordered list;
/// the last entry is plain loops and the definition of right.
/// </summary>
public sealed class KernelFamily
{
    /// <summary>Environment variable that forces a family by name.</summary>
    public const string Variable = "ESPALIER_KERNELS";

    static readonly Lazy<KernelFamily> Chosen = new(() =>
        Choose(Environment.GetEnvironmentVariable(Variable))
    );

    KernelFamily(
        string name,
        string needs,
        bool supported,
        Gemm gemm,
        Int8Gemm int8,
        GroupedGemm grouped,
        RowKernels rows,
        Attention attention,
        Gemm? bf16 = null
    )
    {
        Name = name;
        Needs = needs;
        IsSupported = supported;
        Gemm = gemm;
        Int8 = int8;
        Grouped = grouped;
        Rows = rows;
        Attention = attention;
        Bf16 = bf16 is null
            ? null
            : new KernelFamily(
                $"{name}+bf16",
                needs,
                supported,
                bf16,
                int8,
                grouped,
                rows,
                attention
            );
    }

    /// <summary>This family with others in these places, such as ones that look at a clock.</summary>
    internal KernelFamily With(Gemm gemm, RowKernels rows, Attention attention) =>
        new(Name, Needs, IsSupported, gemm, Int8, Grouped, rows, attention);

    static KernelFamily Of<T>(
        string name,
        string needs,
        bool supported,
        Int8Gemm int8,
        GroupedGemm grouped,
        Gemm? bf16 = null
    )
        where T : struct, ILanes<T> =>
        new(
            name,
            needs,
            supported,
            new PanelGemm<T>(),
            int8,
            grouped,
            new VectorRows<T>(),
            new VectorAttention<T>(),
            bf16
        );

    /// <summary>Best first.</summary>
    public static IReadOnlyList<KernelFamily> All { get; } =
    [
        Of<Lanes16>(
            "amx",
            "AMX TILE and INT8 and the system's leave to use them, AVX-512 F, BW, DQ and VNNI, and leave to run emitted code",
            AmxInt8Gemm.IsSupported && VnniGroupedGemm.IsSupported && Lanes16.IsSupported,
            new AmxInt8Gemm(),
            new VnniGroupedGemm(),
            AmxBf16Gemm.IsSupported ? new AmxBf16Gemm() : null
        ),
        Of<Lanes16>(
            "avx512-vnni",
            "AVX-512 F, BW and VNNI, and leave to run emitted code",
            VnniInt8Gemm.IsSupported && Lanes16.IsSupported,
            new VnniInt8Gemm(),
            new VnniGroupedGemm(),
            DotBf16Gemm.IsSupported ? new DotBf16Gemm() : null
        ),
        Of<Lanes16>(
            "avx512",
            "AVX-512 F, BW and DQ",
            Avx512Int8Gemm.IsSupported && Lanes16.IsSupported,
            new Avx512Int8Gemm(),
            new Avx2GroupedGemm()
        ),
        Of<Lanes8>(
            "avx-vnni",
            "AVX-VNNI, AVX2 and FMA, and leave to run emitted code",
            AvxVnniInt8Gemm.IsSupported && Lanes8.IsSupported,
            new AvxVnniInt8Gemm(),
            new Avx2GroupedGemm()
        ),
        Of<Lanes8>(
            "avx2",
            "AVX2 and FMA",
            Avx2Int8Gemm.IsSupported && Lanes8.IsSupported,
            new Avx2Int8Gemm(),
            new Avx2GroupedGemm()
        ),
        new(
            "reference",
            "nothing",
            true,
            new ReferenceGemm(),
            new ReferenceInt8Gemm(),
            new ReferenceGroupedGemm(),
            new ReferenceRows(),
            new ReferenceAttention(),
            new ReferenceBf16Gemm()
        ),
    ];

    /// <summary>The first family that this machine supports, or the one <see cref="Variable"/> names.</summary>
    public static KernelFamily Best => Chosen.Value;

    public string Name { get; }

    /// <summary>Processor features, in words.</summary>
    public string Needs { get; }
    public bool IsSupported { get; }
    public Gemm Gemm { get; }

    /// <summary>
    /// This family with products of operands rounded to bfloat16 and summed in float32, everything else as it is; null
    /// where they would not be faster.
    /// </summary>
    public KernelFamily? Bf16 { get; }

    /// <summary>The family with products in float32 of which this one is, or is the <see cref="Bf16"/>.</summary>
    public KernelFamily Fp32 => All.FirstOrDefault(f => ReferenceEquals(f.Bf16, this)) ?? this;
    public Int8Gemm Int8 { get; }

    /// <summary>Products with weights in groups, four bits each or eight.</summary>
    public GroupedGemm Grouped { get; }
    public RowKernels Rows { get; }
    public Attention Attention { get; }

    /// <summary>Names that <see cref="In"/> knows.</summary>
    public static IReadOnlyList<string> Precisions { get; } = ["auto", "fp32", "bf16"];

    /// <summary>This family with its float products in that precision; auto is bf16 where that is faster.</summary>
    /// <exception cref="ArgumentException">The name is unknown, or these kernels have no products in it.</exception>
    public KernelFamily In(string precision) =>
        precision switch
        {
            "auto" => Bf16 ?? this,
            "fp32" => this,
            "bf16" => Bf16
                ?? throw new ArgumentException(
                    $"The precision is bf16, and the kernels {Name} have no bf16 products that are faster than fp32 on this machine; take fp32."
                ),
            _ => throw new ArgumentException(
                $"The precision is '{precision}'; {string.Join(", ", Precisions)} were expected."
            ),
        };

    /// <param name="name">Null or empty: the best supported one.</param>
    /// <exception cref="ArgumentException">The name is unknown, or this machine lacks what it needs.</exception>
    public static KernelFamily Choose(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return All.First(family => family.IsSupported);
        }

        string here = string.Join(", ", All.Where(f => f.IsSupported).Select(f => f.Name));
        KernelFamily family =
            All.FirstOrDefault(f => f.Name == name)
            ?? throw new ArgumentException(
                $"{Variable} is '{name}', which names no kernels; this machine has: {here}."
            );
        return family.IsSupported
            ? family
            : throw new ArgumentException(
                $"{Variable} is '{name}', which needs {family.Needs}; this machine has: {here}."
            );
    }
}
