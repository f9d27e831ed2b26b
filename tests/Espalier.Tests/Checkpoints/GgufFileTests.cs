using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Tests.Checkpoints;

public sealed class GgufFileTests
{
    static readonly (string Key, object Value)[] Values =
    [
        ("a.u8", (byte)255),
        ("a.i8", (sbyte)-128),
        ("a.u16", (ushort)65535),
        ("a.i16", (short)-32768),
        ("a.u32", 4294967295u),
        ("a.i32", -2147483648),
        ("a.u64", ulong.MaxValue),
        ("a.i64", long.MinValue),
        ("a.f32", 1e-5f),
        ("a.f64", Math.PI),
        ("a.flag", true),
        ("a.text", "Ġthe 漢 🙂\n"),
        ("b.u8", new byte[] { 1, 2 }),
        ("b.i8", new sbyte[] { -1, 2 }),
        ("b.u16", new ushort[] { 1, 65535 }),
        ("b.i16", new short[] { -1, 2 }),
        ("b.u32", new uint[] { 1, uint.MaxValue }),
        ("b.i32", new[] { -1, 2 }),
        ("b.u64", new ulong[] { 1, ulong.MaxValue }),
        ("b.i64", new[] { -1L, 2 }),
        ("b.f32", new[] { 0.5f, -1 }),
        ("b.f64", new[] { 0.5, -1 }),
        ("b.flags", new[] { true, false }),
        ("b.texts", new[] { "", "a", "漢" }),
        ("b.none", Array.Empty<string>()),
    ];

    static readonly Tensor Matrix = new(
        new Shape(3, 32),
        [.. Enumerable.Range(0, 96).Select(i => i / 8f - 6)]
    );
    static readonly byte[] Block = [.. Enumerable.Range(0, 3 * 18).Select(i => (byte)i)];

    static GgufWriter Writer()
    {
        GgufWriter writer = new();
        foreach (var (key, value) in Values)
        {
            writer.Add(key, value);
        }

        writer.Add("plain", Matrix, DType.F32);
        writer.Add("half", Matrix, DType.F16);
        writer.Add("brain", Matrix, DType.BF16);
        writer.Add("blocks", Matrix.Shape, DType.Q4_0, to => to.Write(Block));
        writer.Add("vector", new Tensor(new Shape(3), [1, 2, 3]), DType.F32);
        return writer;
    }

    /// <summary>A file of everything.</summary>
    public static byte[] Sound()
    {
        using MemoryStream file = new();
        Writer().WriteTo(file);
        return file.ToArray();
    }

    [Fact]
    public void Values_of_every_kind_and_tensors_are_read_back_as_they_were_written()
    {
        using TemporaryFolder folder = new();
        Writer().Write(folder["one.gguf"]);

        using GgufFile file = GgufFile.Open(folder["one.gguf"]);
        Assert.Equal(3, file.Version);
        Assert.Equal(Values.Select(v => v.Key), file.Fields.Names);
        Assert.All(Values, v => Assert.Equal(v.Value, file.Fields.Values[v.Key]));
        Assert.Equal(
            ["plain", "half", "brain", "blocks", "vector"],
            file.Tensors.Select(t => t.Name)
        );
        foreach (string name in (string[])["plain", "half", "brain"])
        {
            Assert.Equal(Matrix.Shape, file.Read(name).Shape);
            Assert.Equal(Matrix.Span.ToArray(), file.Read(name).Span.ToArray());
        }

        Assert.Equal(
            new TensorEntry("blocks", DType.Q4_0, [3, 32], file.Find("blocks")!.Offset, 54),
            file.Find("blocks")
        );
        Assert.Equal(96, file.Find("blocks")!.Count);
        Assert.Equal(Block, file.ReadBytes("blocks"));
        Assert.Equal([1, 2, 3], file.Read("vector").Span.ToArray());
        Assert.All(file.Tensors, t => Assert.Equal(0, t.Offset % 32));

        // What was read, written again, is the same file.
        GgufWriter again = new();
        again.Add(file.Fields);
        foreach (TensorEntry tensor in file.Tensors)
        {
            again.Add(
                tensor.Name,
                new Shape([.. tensor.Extents.Select(e => (int)e)]),
                tensor.Type,
                to => to.Write(file.ReadBytes(tensor.Name))
            );
        }

        again.Write(folder["two.gguf"]);
        Assert.Equal(File.ReadAllBytes(folder["one.gguf"]), File.ReadAllBytes(folder["two.gguf"]));
    }

    [Fact]
    public void Version_2_and_another_alignment_are_read()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = new GgufBytes(96) { Version = 2 }
            .Key("general.alignment", 64)
            .Tensor("a", 0, 64, 8)
            .File(alignment: 64);
        using GgufFile file = GgufFile.Open(folder.Write("a.gguf", bytes));
        Assert.Equal(2, file.Version);
        Assert.Equal(Enumerable.Range(64, 32).Select(i => (byte)i), file.ReadBytes("a"));
    }

    [Fact]
    public void A_key_is_asked_for_by_its_value_whatever_its_width()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = new GgufBytes()
            .Key("small", 0, 7)
            .Key("wide", 10, 7, 0, 0, 0, 0, 0, 0, 0)
            .Key("huge", 10, 255, 255, 255, 255, 255, 255, 255, 255)
            .Key("text", "seven")
            .Key("share", 6, BitConverter.GetBytes(float.NaN))
            .Key("list", 9, GgufBytes.Array(5, 2, 1, 0, 0, 0, 255, 255, 255, 255))
            .File();
        using GgufFile file = GgufFile.Open(folder.Write("a.gguf", bytes));
        GgufFields fields = file.Fields;
        Assert.Equal(7, fields.Integer("small", 1, 9));
        Assert.Equal(7, fields.Integer("wide", 1, 9));
        Assert.Equal(7, fields.OptionalNumber("wide", 0, 10));
        Assert.Null(fields.OptionalInteger("missing", 1, 9));
        Assert.Null(fields.OptionalStrings("missing"));
        Assert.Equal([1, -1], fields.OptionalIntegers("list", -1, 1)!);
        Refused(() => fields.Integer("missing", 1, 9), "'missing' is missing", "from 1 to 9");
        Refused(() => fields.Integer("huge", 1, 9), "'huge' is 18446744073709551615");
        Refused(() => fields.Integer("small", 8, 9), "'small' is 7", "from 8 to 9");
        Refused(() => fields.Integer("text", 1, 9), "'text' is 'seven'");
        Refused(() => fields.OptionalNumber("share", 0, 1), "'share' is NaN");
        Refused(() => fields.OptionalFlag("small"), "true or false");
        Refused(() => fields.String("small"), "a string");
        Refused(() => fields.OptionalIntegers("list", 0, 1), "an array of 2", "from 0 to 1");
        Refused(() => fields.OptionalStrings("list"), "an array of 2", "array of strings");
        void Refused(Func<object?> ask, params string[] facts)
        {
            string message = Assert.Throws<InvalidDataException>(ask).Message;
            Assert.StartsWith(file.Path, message);
            Assert.All(facts, fact => Assert.Contains(fact, message));
        }
    }

    [Fact]
    public void A_file_whose_writing_fails_leaves_the_old_one_alone()
    {
        using TemporaryFolder folder = new();
        folder.Write("a.gguf", "old");
        GgufWriter writer = new();
        writer.Add("a", new Tensor(new Shape(2), [1, 1e30f]), DType.F16);
        Assert.Contains(
            "'a'",
            Assert.Throws<ArgumentException>(() => writer.Write(folder["a.gguf"])).Message
        );
        Assert.Equal("old", File.ReadAllText(folder["a.gguf"]));
        Assert.Equal(["a.gguf"], folder.Names());
    }

    [Fact]
    public void What_no_reader_would_take_is_not_written()
    {
        GgufWriter writer = new();
        writer.Add("k", 1);
        Assert.Throws<ArgumentException>(() => writer.Add("k", 2));
        Assert.Throws<ArgumentException>(() => writer.Add("d", new decimal(1)));
        Assert.Throws<ArgumentException>(() => writer.Add("n", new[] { new int[1] }));
        Shape narrow = new(2, 33);
        Assert.Throws<ArgumentException>(() => writer.Add("t", narrow, DType.Q8_0, _ => { }));
        Assert.Throws<ArgumentException>(() => writer.Add("t", new Tensor(narrow), DType.I8));
    }
}
