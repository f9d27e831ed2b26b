using System.Text;
using Espalier.Checkpoints;
using Espalier.Tensors;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Espalier.Tests.Checkpoints;

public sealed class SafetensorsFuzzTests
{
    static readonly Config Fixed = Config.QuickThrowOnFailure.WithReplay(
        FSharpOption<Replay>.Some(new Replay(new Rnd(20251, 77), FSharpOption<int>.None))
    );

    /// <summary>What JSON and the format give meaning to: more likely to go wrong than chance bytes.</summary>
    static readonly string[] Pieces =
    [
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "\\u0000",
        "\\ud800",
        "null",
        "-1",
        "1e9",
        "0.5",
        "true",
        "9223372036854775807",
        "18446744073709551615",
        "\"F32\"",
        "\"I8\"",
        "\"F64\"",
        "\"shape\"",
        "\"__metadata__\"",
        "\"data_offsets\"",
        "[0,0]",
        "\u202E",
        "\0",
    ];

    [Fact]
    public void Chance_bytes_in_a_file_give_a_sentence_or_a_tensor_and_nothing_else()
    {
        using TemporaryFolder folder = new();
        byte[] sound = SafetensorsFileTests.Sound();
        Gen<(int, byte)[]> edits = Gen.Choose(0, sound.Length - 1)
            .Zip(Gen.Choose(0, 255).Select(b => (byte)b))
            .ArrayOf()
            .Resize(6);
        Prop.ForAll(
                edits.ToArbitrary(),
                changes =>
                {
                    byte[] bytes = [.. sound];
                    foreach (var (at, value) in changes)
                    {
                        bytes[at] = value;
                    }

                    ReadAll(folder, bytes);
                }
            )
            .Check(Fixed.WithMaxTest(3000));
    }

    [Fact]
    public void Pieces_of_JSON_anywhere_in_a_header_give_a_sentence_or_a_tensor_and_nothing_else()
    {
        using TemporaryFolder folder = new();
        byte[] sound = SafetensorsFileTests.Sound();
        int length = (int)BitConverter.ToInt64(sound);
        string header = Encoding.UTF8.GetString(sound, 8, length);
        var edits = Gen.Choose(0, header.Length)
            .Zip(Gen.Choose(0, 12))
            .Zip(Gen.Elements(Pieces))
            .ArrayOf()
            .Resize(4);
        Prop.ForAll(
                edits.ToArbitrary(),
                changes =>
                {
                    StringBuilder text = new(header);
                    foreach (var ((where, gone), piece) in changes)
                    {
                        int at = Math.Min(where, text.Length);
                        text.Remove(at, Math.Min(gone, text.Length - at)).Insert(at, piece);
                    }

                    ReadAll(
                        folder,
                        TemporaryFolder.Safetensors(text.ToString(), sound.Length - 8 - length)
                    );
                }
            )
            .Check(Fixed.WithMaxTest(3000));
    }

    [Fact]
    public void Chance_bytes_in_JSON_give_a_sentence_or_an_object_and_nothing_else()
    {
        byte[] sound = """{"a":{"b":[1,2.5,"\u00e9"]},"n":null,"t":true,"x":"Ω"}"""u8.ToArray();
        var edits = Gen.Choose(0, sound.Length - 1)
            .Zip(Gen.Choose(0, 255).Select(b => (byte)b))
            .ArrayOf()
            .Resize(4);
        Prop.ForAll(
                edits.ToArbitrary(),
                changes =>
                {
                    byte[] bytes = [.. sound];
                    foreach (var (at, value) in changes)
                    {
                        bytes[at] = value;
                    }

                    try
                    {
                        JsonFields fields = JsonFile.Parse("chance.json", bytes);
                        _ = fields.Names.Count();
                        _ = fields.Object("a").Numbers("b", 0, 9);
                    }
                    catch (InvalidDataException)
                    {
                        // One sentence: what was wanted.
                    }
                }
            )
            .Check(Fixed.WithMaxTest(3000));
    }

    static void ReadAll(TemporaryFolder folder, byte[] bytes)
    {
        string path = folder.Write("chance.safetensors", bytes);
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            foreach (TensorEntry tensor in file.Tensors)
            {
                Assert.Equal(tensor.Length, file.ReadBytes(tensor.Name).Length);
                _ = tensor.Type is DType.F16 or DType.F32 or DType.F64 or DType.BF16
                    ? file.Read(tensor.Name).Count
                    : file.ReadInt64(tensor.Name).Length;
            }
        }
        catch (InvalidDataException refusal)
        {
            Assert.True(Printable.IsPlain(refusal.Message), refusal.Message);
        }
    }
}
