using BenchmarkDotNet.Running;
using Espalier.Benchmarks;
using Espalier.Benchmarks.Peers;

switch (args)
{
    case ["gemm", .. string[] rest]:
        GemmTable.Run(rest);
        return 0;
    case ["products", .. string[] rest]:
        ProductTable.Run(rest);
        return 0;
    case ["step", _, ..]:
        StepTable.Run(args[1..]);
        return 0;
    case ["workers", .. string[] rest]:
        WorkersTable.Run(rest);
        return 0;
    case ["peers", .. string[] rest]:
        return PeersTable.Run(rest);
    case ["serve", .. string[] rest]:
        return await ServeTable.Run(rest);
    case ["bdn", .. string[] rest]:
        BenchmarkSwitcher.FromAssembly(typeof(GemmTable).Assembly).Run(rest);
        return 0;
    default:
        Console.Error.WriteLine(
            "Usage: -- gemm [rounds] | products [rounds] [kernels] | step MODEL [rounds] [sequences] [tokens] [fp32|bf16] [threads] [checkpointing] | workers [rounds] | "
                + "peers --models DIR | serve --models DIR --data DIR | bdn [arguments of BenchmarkDotNet]"
        );
        return 2;
}
