using System.Runtime.InteropServices;
using Espalier.Kernels.Emit;

namespace Espalier.Tests.Kernels.Emulation;

/// <summary>
/// Both calling conventions give the same sums; that they keep what is the caller's, the interpreter checks
/// after every call.
/// </summary>
public sealed class ConventionTests
{
    const int Steps = 3;
    const int Bytes = 1 << 14;

    [Fact]
    public void AVX_VNNI_tiles_are_the_same_on_Windows()
    {
        for (int rows = 1; rows <= AvxVnniTileCode.MaximumRows; rows++)
        {
            Assert.Equal(
                Sums(windows: false, AvxVnniTileCode.Emit(rows, 2, false)),
                Sums(windows: true, AvxVnniTileCode.Emit(rows, 2, true))
            );
        }
    }

    [Fact]
    public void AMX_tiles_are_the_same_on_Windows()
    {
        foreach (AmxNumbers numbers in Enum.GetValues<AmxNumbers>())
        {
            for (int i = 0; i < 12; i++)
            {
                byte[] Code(bool windows) =>
                    AmxTileCode.Products(1 + i / 4, 1 + i / 2 % 2, i % 2 == 1, numbers, windows);
                Assert.Equal(Sums(false, Code(false)), Sums(true, Code(true)));
            }
        }
    }

    // Memory full of numbers, tiles of 16 rows, and the argument: TileProducts, field by field.
    static int[] Sums(bool windows, byte[] code)
    {
        nint memory = Marshal.AllocHGlobal(4 * Bytes);
        try
        {
            byte[] content = new byte[4 * Bytes];
            for (int i = 0; i < content.Length; i++)
            {
                // Below 64 or from 192: as bfloat16 small numbers, none of them infinite.
                content[i] = (byte)(i * 7 % 61 + (i % 3 == 0 ? 192 : 0) % 251);
            }

            Marshal.Copy(content, 0, memory, content.Length);
            nint sums = memory + 2 * Bytes,
                argument = memory + 3 * Bytes,
                shapes = argument + 64;
            long[] fields =
            [
                memory,
                memory + 16 * 256,
                memory + 32 * 256,
                256,
                memory + Bytes,
                Steps,
                sums,
            ];
            Marshal.Copy(fields, 0, argument, fields.Length);
            byte[] config = new byte[64];
            config[0] = 1;
            for (int t = 0; t < 8; t++)
            {
                config[16 + 2 * t] = 64;
                config[48 + t] = 16;
            }

            Marshal.Copy(config, 0, shapes, config.Length);
            Run(AmxTileCode.Configure(windows), windows, shapes);
            Run(code, windows, argument);
            Run(AmxTileCode.Release(), windows, 0);
            int[] result = new int[Bytes / sizeof(int)];
            Marshal.Copy(sums, result, 0, result.Length);
            Assert.NotEqual(
                MemoryMarshal.Cast<byte, int>(content.AsSpan(2 * Bytes, Bytes)).ToArray(),
                result
            );
            return result;
        }
        finally
        {
            Marshal.FreeHGlobal(memory);
        }
    }

    static void Run(byte[] code, bool windows, nint argument)
    {
        const nint start = 0x10000;
        new Interpreter(new Listing(code, start), windows).Run(start, argument);
    }
}
