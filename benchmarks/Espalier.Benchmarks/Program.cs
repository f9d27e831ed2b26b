using Espalier.Benchmarks;

const string Usage = "Usage: Espalier.Benchmarks gemm [rounds] | bdn [BenchmarkDotNet's arguments]";
switch (args)
{
    case ["gemm", .. string[] rest]:
        GemmTable.Run(rest);
        break;
    default:
        Console.Error.WriteLine(Usage);
        return 2;
}

return 0;
