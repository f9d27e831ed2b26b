using BenchmarkDotNet.Attributes;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Benchmarks;

/// <summary>One product of a feed-forward layer, with its epilogue, under BenchmarkDotNet's statistics.</summary>
[MemoryDiagnoser]
public class GemmBenchmark : IDisposable
{
    const int M = 40;
    const int N = 384;
    const int K = 1536;
    readonly Tensor _a = new(M, K);
    readonly Tensor _weights = new(N, K);
    readonly Tensor _bias = new(N);
    readonly Tensor _c = new(M, N);
    Gemm _gemm = KernelFamily.Best.Gemm;
    Workers _workers = new(1);
    PackedMatrix? _packed;

    [ParamsSource(nameof(Families))]
    public string Family { get; set; } = KernelFamily.Best.Name;

    [Params(1, 2)]
    public int Threads { get; set; } = 1;

    public static IEnumerable<string> Families =>
        KernelFamily.All.Where(family => family.IsSupported).Select(family => family.Name);

    [GlobalSetup]
    public void SetUp()
    {
        _workers.Dispose();
        _workers = new Workers(Threads);
        _gemm = KernelFamily.Choose(Family).Gemm;
        _packed = _gemm.Pack(_workers, _weights, transposed: true);
    }

    [Benchmark]
    public void Product() =>
        _gemm.Multiply(_workers, _a, false, _packed!, _c, new Epilogue(_bias, Activation.Relu));

    [GlobalCleanup]
    public void Dispose()
    {
        _workers.Dispose();
        GC.SuppressFinalize(this);
    }
}
