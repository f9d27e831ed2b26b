using System.Globalization;
using System.Text;
using Espalier.Kernels.Emit;
using Espalier.Tests.Goldens;
using Iced.Intel;
using Decoder = Iced.Intel.Decoder;

namespace Espalier.Tests.Kernels;

/// <summary>
/// The emitted kernels as a reviewer reads them. The listing is what was run and measured; whoever changes the
/// emitter on purpose copies the actual listing, which the failing test leaves beside its assembly.
/// </summary>
public sealed class ListingTests
{
    [Theory]
    [InlineData(6, 4, false, "avx512-vnni.int8.6x4.asm")]
    [InlineData(6, 4, true, "avx512-vnni.int8.6x4.windows.asm")]
    [InlineData(1, 2, false, "avx512-vnni.int8.1x2.asm")]
    public void The_emitted_tile_is_the_listed_one(
        int rows,
        int vectors,
        bool windows,
        string name
    ) => Compare(Disassemble(VnniTileCode.Emit(rows, vectors, windows)), name);

    static void Compare(string actual, string name)
    {
        string written = Path.Combine(AppContext.BaseDirectory, name);
        File.WriteAllText(written, actual);
        string path = Path.Combine(
            Repository.Root,
            "tests",
            "Espalier.Tests",
            "Goldens",
            "listings",
            name
        );
        string[] expected = File.Exists(path) ? File.ReadAllLines(path) : [],
            lines = actual.TrimEnd('\n').Split('\n');
        int at = 0;
        while (at < expected.Length && at < lines.Length && expected[at] == lines[at])
        {
            at++;
        }

        Assert.True(
            at == expected.Length && at == lines.Length,
            $"{path} line {at + 1}: listed '{expected.ElementAtOrDefault(at)}', emitted "
                + $"'{lines.ElementAtOrDefault(at)}' (all of it in {written})."
        );
    }

    [Theory]
    [InlineData(6, 4, false, "avx512-vnni.bf16.6x4.asm")]
    [InlineData(6, 4, true, "avx512-vnni.bf16.6x4.windows.asm")]
    [InlineData(1, 2, false, "avx512-vnni.bf16.1x2.asm")]
    public void The_emitted_bf16_tile_is_the_listed_one(
        int rows,
        int vectors,
        bool windows,
        string name
    ) => Compare(Disassemble(Bf16TileCode.Emit(rows, vectors, windows)), name);

    [Theory]
    [InlineData(false, "avx512-bf16.round.row.asm")]
    [InlineData(true, "avx512-bf16.round.row.windows.asm")]
    public void The_emitted_rounding_of_a_row_is_the_listed_one(bool windows, string name) =>
        Compare(Disassemble(Bf16RoundingCode.Row(windows)), name);

    [Fact]
    public void The_emitted_rounding_of_two_rows_is_the_listed_one() =>
        Compare(
            Disassemble(Bf16RoundingCode.Rows(windows: false)[..^Bf16RoundingCode.TableBytes]),
            "avx512-bf16.round.rows.asm"
        );

    [Fact]
    public void Every_sum_of_every_tile_has_a_register_of_its_own()
    {
        for (int rows = 1; rows <= VnniTileCode.MaximumRows; rows++)
        {
            for (int vectors = 1; vectors <= VnniTileCode.MaximumVectors; vectors++)
            {
                List<Instruction> products =
                [
                    .. Decode(VnniTileCode.Emit(rows, vectors, windows: false))
                        .Where(i => i.Mnemonic == Mnemonic.Vpdpbusd),
                ];
                Assert.Equal(rows * vectors, products.Count);
                Assert.Equal(
                    rows * vectors,
                    products.Select(p => p.Op0Register).Distinct().Count()
                );
                Assert.All(
                    products,
                    p =>
                        Assert.True(
                            p.Op0Register >= Register.ZMM8
                                && p.Op1Register is >= Register.ZMM4 and < Register.ZMM8
                                && p.Op2Register < Register.ZMM4,
                            $"{rows} x {vectors}: {p}"
                        )
                );
            }
        }
    }

    static List<Instruction> Decode(byte[] code)
    {
        Decoder decoder = Decoder.Create(64, code);
        List<Instruction> instructions = [];
        while (decoder.IP < (ulong)code.Length)
        {
            instructions.Add(decoder.Decode());
        }

        return instructions;
    }

    static string Disassemble(byte[] code)
    {
        IntelFormatter formatter = new();
        formatter.Options.HexSuffix = null;
        formatter.Options.HexPrefix = "0x";
        formatter.Options.SpaceAfterOperandSeparator = true;
        StringOutput line = new();
        StringBuilder listing = new();
        foreach (Instruction instruction in Decode(code))
        {
            formatter.Format(instruction, line);
            listing
                .Append(instruction.IP.ToString("x4", CultureInfo.InvariantCulture))
                .Append("  ")
                .Append(line.ToStringAndReset())
                .Append('\n');
        }

        return listing.ToString();
    }
}
