using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Checkpoints;

public sealed class SafetensorsFileTests
{
    public static TheoryData<string> GoldenFiles =>
        [
            .. Directory
                .EnumerateFiles(Golden.Root, "*.safetensors", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(Golden.Root, f))
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [Trait("tier", "golden")]
    [MemberData(nameof(GoldenFiles))]
    public void Files_of_the_reference_implementation_are_read_number_by_number(string relative)
    {
        byte[] bytes = File.ReadAllBytes(Golden.Path(relative));
        int start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using JsonDocument header = JsonDocument.Parse(bytes.AsMemory(8, start - 8));
        using SafetensorsFile file = SafetensorsFile.Open(Golden.Path(relative));

        int seen = 0;
        foreach (JsonProperty tensor in header.RootElement.EnumerateObject())
        {
            if (tensor.Name == "__metadata__")
            {
                continue;
            }

            string type = tensor.Value.GetProperty("dtype").GetString()!;
            int begin = start + tensor.Value.GetProperty("data_offsets")[0].GetInt32();
            int end = start + tensor.Value.GetProperty("data_offsets")[1].GetInt32();
            Assert.Equal(tensor.Name, file.Tensors[seen].Name);
            Assert.Equal(
                tensor.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64()),
                file.Tensors[seen].Extents
            );
            Assert.Equal(bytes[begin..end], file.ReadBytes(tensor.Name));
            double[] expected = Decode(type, bytes[begin..end]);
            Assert.Equal(
                expected,
                type is ['F', ..] or "BF16"
                    ? [.. file.Read(tensor.Name).Span.ToArray().Select(v => (double)v)]
                    : file.ReadInt64(tensor.Name).Select(v => (double)v)
            );
            seen++;
        }

        Assert.Equal(seen, file.Tensors.Length);
        Assert.NotEqual(0, seen);
    }

    static double[] Decode(string type, byte[] bytes) =>
        type switch
        {
            "F64" => Each(bytes, 8, b => (float)BinaryPrimitives.ReadDoubleLittleEndian(b)),
            "F32" => Each(bytes, 4, b => BinaryPrimitives.ReadSingleLittleEndian(b)),
            "F16" => Each(bytes, 2, b => (double)BinaryPrimitives.ReadHalfLittleEndian(b)),
            "I64" => Each(bytes, 8, b => BinaryPrimitives.ReadInt64LittleEndian(b)),
            "I32" => Each(bytes, 4, b => BinaryPrimitives.ReadInt32LittleEndian(b)),
            "I16" => Each(bytes, 2, b => BinaryPrimitives.ReadInt16LittleEndian(b)),
            "I8" => Each(bytes, 1, b => (sbyte)b[0]),
            "U8" or "BOOL" => Each(bytes, 1, b => b[0]),
            _ => throw new NotSupportedException(type),
        };

    static double[] Each(byte[] bytes, int size, Func<byte[], double> decode) =>
        [.. bytes.Chunk(size).Select(decode)];

    [Fact]
    public void All_65536_halves_widen_exactly()
    {
        float[] read = ReadBack(DType.F16, HalfWords());
        for (int bits = 0; bits < 65536; bits++)
        {
            // By the definition of IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction.
            int exponent = (bits >> 10) & 31;
            int fraction = bits & 1023;
            double magnitude = exponent switch
            {
                0 => fraction * Math.Pow(2, -24),
                31 => fraction == 0 ? double.PositiveInfinity : double.NaN,
                _ => (1024 + fraction) * Math.Pow(2, exponent - 25),
            };
            CheckSame((bits & 0x8000) == 0 ? magnitude : -magnitude, read[bits], bits);
        }
    }

    [Fact]
    public void All_65536_bfloats_widen_exactly()
    {
        float[] read = ReadBack(DType.BF16, HalfWords());
        for (int bits = 0; bits < 65536; bits++)
        {
            Assert.Equal((uint)bits << 16, BitConverter.SingleToUInt32Bits(read[bits]));
        }
    }

    [Fact]
    public void Doubles_round_to_the_nearest_float_and_floats_in_doubles_are_exact()
    {
        double[] doubles =
        [
            0,
            -0.0,
            1,
            1 + Math.Pow(2, -24), // half way: to even
            1 + (3 * Math.Pow(2, -24)), // half way: to even, upwards
            Math.PI,
            float.Epsilon,
            float.MaxValue,
            1e300,
            double.NaN,
            double.NegativeInfinity,
            .. Enumerable.Range(0, 1000).Select(i => (double)new Rng(5).Normal((ulong)i)),
        ];
        byte[] bytes = [.. doubles.SelectMany(BitConverter.GetBytes)];
        float[] read = ReadBack(DType.F64, bytes);
        Assert.Equal(doubles.Select(d => (float)d), read);
        Assert.Equal(1f, read[3]);
        Assert.Equal(1 + (2 * MathF.Pow(2, -23)), read[4]);
        Assert.True(float.IsNegative(read[1]));
    }

    static byte[] HalfWords() =>
        [.. Enumerable.Range(0, 65536).SelectMany(i => BitConverter.GetBytes((ushort)i))];

    static void CheckSame(double expected, float found, int bits)
    {
        bool same = double.IsNaN(expected)
            ? float.IsNaN(found)
            : expected == found && double.IsNegative(expected) == float.IsNegative(found);
        Assert.True(same, $"0x{bits:X4} is {expected} and was read as {found}.");
    }

    static float[] ReadBack(DType type, byte[] data)
    {
        using TemporaryFolder folder = new();
        int size = type == DType.F64 ? 8 : 2;
        string header =
            $"{{\"x\":{{\"dtype\":\"{type}\",\"shape\":[{data.Length / size}],"
            + $"\"data_offsets\":[0,{data.Length}]}}}}";
        byte[] content = TemporaryFolder.Safetensors(header, data.Length);
        data.CopyTo(content.AsSpan(content.Length - data.Length));
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("x.safetensors", content));
        return file.Read("x").Span.ToArray();
    }

    [Fact]
    public void Tensors_without_elements_and_scalars_are_tensors()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write(
            "x.safetensors",
            TemporaryFolder.Safetensors(
                """{"none":{"dtype":"F32","shape":[3,0,2],"data_offsets":[0,0]},"one":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  """,
                4
            )
        );
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal("[3, 0, 2]", file.Read("none").Shape.ToString());
        Assert.Equal(0, file.Read("one").Shape.Rank);
        Assert.Equal([0f], file.Read("one").Span.ToArray());
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        using TemporaryFolder folder = new();
        byte[] whole = Sound();
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.Write("cut.safetensors", whole[..length]);
            Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));
        }
    }

    internal static byte[] Sound()
    {
        SafetensorsWriter writer = new();
        writer.Add("a", new Tensor(new Shape(2, 3), [1, 2, 3, 4, 5, 6]));
        writer.Add("b", new Tensor(new Shape(4), [1, 2, 3, 4]), DType.F16);
        writer.Add("c", [1L, -1, long.MaxValue]);
        using MemoryStream stream = new();
        writer.WriteTo(stream);
        return stream.ToArray();
    }

    [Fact]
    public void A_file_cut_after_it_was_opened_is_refused_and_does_not_end_the_process()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("x.safetensors", Sound());
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using (FileStream writer = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            writer.SetLength(file.Find("a")!.Offset + 3);
        }

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => file.Read("a"));
        Assert.Contains("became shorter", refusal.Message);
    }

    [Fact]
    public void A_file_written_to_while_it_is_open_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("x.safetensors", Sound());
        using SafetensorsFile file = SafetensorsFile.Open(path);
        File.SetLastWriteTimeUtc(path, File.GetLastWriteTimeUtc(path).AddSeconds(1));
        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => file.Read("a"));
        Assert.Contains("'a'", refusal.Message);
        Assert.Contains("something wrote", refusal.Message);
    }

    [Fact]
    public void A_file_of_the_right_name_and_the_wrong_kind_is_refused_at_once()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no FIFOs or device files here.");
        using TemporaryFolder folder = new();
        Process.Start("mkfifo", folder["fifo"])!.WaitForExit();
        File.CreateSymbolicLink(folder["zero"], "/dev/zero");
        File.CreateSymbolicLink(folder["circle"], folder["circle"]);
        Directory.CreateDirectory(folder["folder"]);
        foreach (string name in (string[])["fifo", "zero", "circle", "folder", "nothing"])
        {
            InvalidDataException refusal = Assert.Throws<InvalidDataException>(() =>
                SafetensorsFile.Open(folder[name])
            );
            Assert.StartsWith(folder[name], refusal.Message);
        }
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_found_and_named()
    {
        using TemporaryFolder folder = new();
        Tensor tensor = new(300, 300);
        tensor.Span[70_001] = float.NaN;
        tensor.Span[80_000] = float.PositiveInfinity;
        SafetensorsWriter writer = new();
        writer.Add("layer.weight", tensor);
        writer.Write(folder["x.safetensors"]);
        using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);

        Assert.Equal(70_001, SafetensorsFile.FirstNonFinite(file.Read("layer.weight").Span));
        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() =>
            file.ReadFinite("layer.weight")
        );
        Assert.Contains("'layer.weight'", refusal.Message);
        Assert.Contains("NaN at index 70001", refusal.Message);
        Assert.Equal(-1, SafetensorsFile.FirstNonFinite(new float[100_000]));
        Assert.Equal(0, SafetensorsFile.FirstNonFinite([float.NegativeInfinity]));
    }

    [Fact]
    public void Asking_for_what_is_not_there_or_of_another_kind_says_what_is()
    {
        using TemporaryFolder folder = new();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("x.safetensors", Sound()));
        string Message(Action read) => Assert.Throws<InvalidDataException>(read).Message;
        Assert.Contains("no tensor 'z' among its 3", Message(() => file.Read("z")));
        Assert.Contains("'c' of I64 [3] holds whole numbers", Message(() => file.Read("c")));
        Assert.Contains("'a' of F32 [2, 3] holds fractions", Message(() => file.ReadInt64("a")));
    }

    [Fact]
    public void Many_threads_read_one_file()
    {
        using SafetensorsFile file = SafetensorsFile.Open(
            Golden.Path("models", "bert", "model.safetensors")
        );
        Dictionary<string, float> sums = file.Tensors.ToDictionary(
            t => t.Name,
            t => file.Read(t.Name).Span.ToArray().Sum()
        );
        Parallel.For(
            0,
            20 * file.Tensors.Length,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            i =>
            {
                string name = file.Tensors[i % file.Tensors.Length].Name;
                Assert.Equal(sums[name], file.Read(name).Span.ToArray().Sum());
            }
        );
    }
}
