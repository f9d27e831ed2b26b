using BenchmarkDotNet.Running;
using Espalier.Benchmarks;

switch (args)
{
    case ["gemm", .. string[] rest]:
        GemmTable.Run(rest);
        return 0;
    case ["int8", .. string[] rest]:
        Int8Table.Run(rest);
        return 0;
    case ["step", _, ..]:
        StepTable.Run(args[1..]);
        return 0;
    case ["workers", .. string[] rest]:
        WorkersTable.Run(rest);
        return 0;
    case ["bdn", .. string[] rest]:
        BenchmarkSwitcher.FromAssembly(typeof(GemmTable).Assembly).Run(rest);
        return 0;
    default:
        Console.Error.WriteLine(
            "Usage: -- gemm [rounds] | int8 [rounds] [family] | step MODEL [rounds] | workers [rounds] | bdn [arguments of BenchmarkDotNet]"
        );
        return 2;
}
