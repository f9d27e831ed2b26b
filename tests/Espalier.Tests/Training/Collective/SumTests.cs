using System.Runtime.InteropServices;
using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;
using Espalier.Training.Collective;

namespace Espalier.Tests.Training.Collective;

public sealed class SumTests
{
    const int Columns = 5;
    const int TableRows = 40;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void The_sum_of_shards_has_the_same_bytes_in_every_process_of_every_number(int seed)
    {
        Rng rng = new((ulong)seed);
        const int shards = 8;

        // Empty tensors' neighbours, single numbers, and more than a buffer holds.
        int[] lengths = [1, rng.Below(9, 1) + 1, (1 << 16) + rng.Below(1000, 2), 3, 64];
        string alone = Sum(null);
        foreach (int size in (int[])[2, 4, 8])
        {
            Assert.All(Together.Run(size, Sum), sum => Assert.Equal(alone, sum));
        }

        string Sum(Communicator? all)
        {
            using Workers workers = new(1);
            Variable[] variables =
            [
                .. lengths.Select(n => new Variable(new Tensor(n), new Tensor(n))),
                new(new Tensor(TableRows, Columns), new Tensor(TableRows, Columns))
                {
                    Rows = new RowSet(TableRows),
                },
            ];
            GradientSum sum = new(variables, new Tape(workers, KernelFamily.Best));
            int each = shards / (all?.Size ?? 1),
                first = each * (all?.Rank ?? 0);
            for (int shard = first; shard < first + each; shard++)
            {
                Leave(variables, rng.Split((ulong)shard));
                sum.Take(last: shard + 1 == first + each);
            }

            if (all is not null)
            {
                sum.Sum(all);
            }

            return string.Join(
                ' ',
                variables
                    .Select(v =>
                        Convert.ToHexString(
                            System.Security.Cryptography.SHA256.HashData(
                                MemoryMarshal.AsBytes(v.Gradient!.Span)
                            )
                        )
                    )
                    .Append(string.Join(',', variables[^1].Rows!.Rows.ToArray()))
            );
        }
    }

    /// <summary>A shard's gradients: numbers whose sum depends on the order, some zeros of either sign, some rows.</summary>
    static void Leave(Variable[] variables, Rng rng)
    {
        for (int v = 0; v < variables.Length - 1; v++)
        {
            Span<float> gradient = variables[v].Gradient!.Span;
            Rng own = rng.Split((ulong)v);
            for (int i = 0; i < gradient.Length; i++)
            {
                float number = own.Normal((ulong)i);
                gradient[i] = i % 7 == 3 ? -0f : number * MathF.Exp(4 * number);
            }
        }

        Variable table = variables[^1];
        Rng rows = rng.Split("rows");
        int[] touched =
        [
            .. Enumerable
                .Range(0, rows.Below(12, 0))
                .Select(i => rows.Below(TableRows, (ulong)i + 1)),
        ];
        table.Rows!.Add(touched);
        for (int i = 0; i < touched.Length; i++)
        {
            for (int c = 0; c < Columns; c++)
            {
                table.Gradient!.Row(touched[i])[c] += rows.Normal((ulong)(100 + i * Columns + c));
            }
        }
    }

    [Fact]
    public void Eight_shards_are_summed_in_pairs_of_pairs()
    {
        float[] numbers = [1e8f, 1, -1e8f, 1, 3, 1e-8f, 1e7f, -1e7f];
        using Workers workers = new(1);
        Variable variable = new(new Tensor(1), new Tensor(1));
        GradientSum sum = new([variable], new Tape(workers, KernelFamily.Best));
        for (int i = 0; i < numbers.Length; i++)
        {
            variable.Gradient!.Span[0] = numbers[i];
            sum.Take(last: i == numbers.Length - 1);
        }

        float left = numbers[0] + numbers[1] + (numbers[2] + numbers[3]),
            right = numbers[4] + numbers[5] + (numbers[6] + numbers[7]);
        Assert.Equal(left + right, variable.Gradient!.Span[0]);
    }
}
