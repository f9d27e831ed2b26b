using System.Text;
using Espalier.Checkpoints;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Checkpoints;

public sealed class SafetensorsWriterTests
{
    [Theory]
    [InlineData("attn.0", """{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}""")]
    [InlineData("attn0", """{"attn0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}} """)]
    public void The_bytes_are_those_of_the_reference_implementation(string name, string header)
    {
        SafetensorsWriter writer = new([]);
        writer.Add(name, new Tensor(new Shape(1, 2, 3), [0, 1, 2, 3, 4, 5]));
        using MemoryStream stream = new();
        writer.WriteTo(stream);
        Assert.Equal(
            [
                .. (byte[])[64, 0, 0, 0, 0, 0, 0, 0],
                .. Encoding.UTF8.GetBytes(header),
                .. (byte[])[0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64],
                .. (byte[])[0, 0, 64, 64, 0, 0, 128, 64, 0, 0, 160, 64],
            ],
            stream.ToArray()
        );
    }

    [Fact]
    [Trait("tier", "golden")]
    public void A_model_of_the_reference_implementation_written_again_gives_the_same_bytes()
    {
        string path = Golden.Path("models", "bert", "model.safetensors");
        using SafetensorsFile file = SafetensorsFile.Open(path);
        SafetensorsWriter writer = new(file.Metadata);
        foreach (TensorEntry tensor in file.Tensors)
        {
            writer.Add(tensor.Name, file.Read(tensor.Name));
        }

        using TemporaryFolder folder = new();
        writer.Write(folder["again.safetensors"]);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(folder["again.safetensors"]));
    }

    [Fact]
    public void Everything_written_is_read_back_in_the_order_and_alignment_of_its_kind()
    {
        using TemporaryFolder folder = new();
        Rng rng = new(3);
        Tensor x = new(3, 5);
        for (int i = 0; i < x.Count; i++)
        {
            x.Span[i] = rng.Normal((ulong)i);
        }

        SafetensorsWriter writer = new([new("note", "a \"quoted\"\nline of Ω")]);
        writer.Add("bytes", [1, 2, 255]);
        writer.Add("half", x, DType.F16);
        writer.Add("brain", x, DType.BF16);
        writer.Add("whole", x);
        writer.Add("steps", [long.MinValue, -1, 7, long.MaxValue], 2, 2);
        writer.Add("scalar", new Tensor(new Shape(), [4]));
        writer.Add("nothing", new Tensor(0, 7));
        writer.Write(folder["x.safetensors"]);

        using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);
        Assert.Equal(
            ["bytes", "half", "brain", "whole", "steps", "scalar", "nothing"],
            file.Tensors.Select(t => t.Name)
        );
        Assert.Equal([1, 2, 255], file.ReadBytes("bytes"));
        Assert.Equal([1L, 2, 255], file.ReadInt64("bytes"));
        Assert.Equal(x.Span.ToArray(), file.Read("whole").Span.ToArray());
        Assert.Equal(
            x.Span.ToArray().Select(v => (float)(Half)v),
            file.Read("half").Span.ToArray()
        );
        Assert.Equal([long.MinValue, -1, 7, long.MaxValue], file.ReadInt64("steps"));
        Assert.Equal([2L, 2], file.Find("steps")!.Extents);
        Assert.Equal("[0, 7]", file.Read("nothing").Shape.ToString());
        Assert.Equal("a \"quoted\"\nline of Ω", file.Metadata["note"]);
        Assert.Equal(
            ["whole", "scalar"],
            file.Tensors.Where(t => t.Type == DType.F32 && t.Count > 0).Select(t => t.Name)
        );
        Assert.All(
            file.Tensors,
            t => Assert.Equal(0, t.Count == 0 ? 0 : t.Offset % (t.Length / t.Count))
        );
    }

    [Fact]
    public void Bfloats_round_to_the_nearest_and_ties_to_even()
    {
        using TemporaryFolder folder = new();
        float one = 1;
        float step = MathF.Pow(2, -7);
        float[] values =
        [
            one + (step / 2), // tie, down to even
            one + step + (step / 2), // tie, up to even
            one + (0.51f * step),
            -one - (0.49f * step),
            float.NaN,
            float.NegativeInfinity,
            float.Epsilon,
        ];
        SafetensorsWriter writer = new();
        writer.Add("x", new Tensor(new Shape(values.Length), values), DType.BF16);
        writer.Write(folder["x.safetensors"]);
        using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);
        Assert.Equal(
            [one, one + (2 * step), one + step, -one, float.NaN, float.NegativeInfinity, 0],
            file.Read("x").Span.ToArray()
        );
    }

    [Theory]
    [InlineData(DType.F16, 70000f)]
    [InlineData(DType.BF16, float.MaxValue)]
    public void A_number_the_format_cannot_hold_is_refused_and_no_file_appears(
        DType type,
        float value
    )
    {
        using TemporaryFolder folder = new();
        SafetensorsWriter writer = new();
        writer.Add("x", new Tensor(new Shape(2), [1, value]), type);
        string message = Assert
            .Throws<ArgumentException>(() => writer.Write(folder["x.safetensors"]))
            .Message;
        Assert.Contains("'x'", message);
        Assert.Contains("index 1", message);
        Assert.Empty(folder.Names());
    }

    [Fact]
    public void Names_that_could_not_be_read_back_are_refused()
    {
        SafetensorsWriter writer = new();
        Tensor x = new(1);
        writer.Add("x", x);
        Assert.Throws<ArgumentException>(() => writer.Add("x", x));
        Assert.Throws<ArgumentException>(() => writer.Add("__metadata__", x));
        Assert.Throws<ArgumentException>(() => writer.Add("a\nb", x));
        Assert.Throws<ArgumentException>(() => writer.Add("half\ud800", x));
        Assert.Throws<ArgumentException>(() => writer.Add("y", x, DType.I8));
        Assert.Throws<ArgumentException>(() => writer.Add("y", [1L, 2], 3));
    }

    [Fact]
    public void The_same_tensors_give_the_same_bytes()
    {
        Assert.Equal(SafetensorsFileTests.Sound(), SafetensorsFileTests.Sound());
        Assert.Equal(0, BitConverter.ToInt64(SafetensorsFileTests.Sound()) % 8);
    }
}
