using System.Runtime.InteropServices;
using Espalier.Checkpoints;
using Espalier.Models.Families;
using Espalier.Stored;
using Espalier.Stored.Formats;
using Espalier.Tensors;

namespace Espalier.Models.Storage;

/// <summary>
/// Models in GGUF files. Matrices in blocks are not read before somebody asks for them, so that a model which is packed for this
/// machine is not in memory twice; the file stays open for that.
/// </summary>
public static class GgufModel
{
    const int MostUnusedShown = 3;

    /// <summary>Numbers that are looked at together, in whole blocks of every format.</summary>
    const int AtOnce = 1 << 16;

    internal static LoadedModel Load(string path, bool asStored)
    {
        GgufFile file = GgufFile.Open(path);
        bool isRead = true;
        try
        {
            ModelConfig config = GgufConfig.Read(file);
            GgufForm form = config.Family.Gguf!;
            HashSet<string> used = [GgufConfig.RotaryFactors];
            List<(string Name, Shape Shape, TensorEntry Entry)> plan =
            [
                .. WeightReader
                    .Checked(config, path)
                    .Select(p => (p.Name, p.Shape, EntryOf(file, form, p.Name, p.Shape))),
            ];
            Parameters parameters = new();
            foreach (var (name, shape, entry) in plan)
            {
                Weight weight = WeightOf(file, config, name, entry, asStored);
                isRead &= weight is not Blocks;
                PartName place = form.NameOf(Part.Of(name))!;
                parameters.Add(
                    name,
                    place.Pieces == 1 ? weight : weight.Slice(place.Piece * shape[0], shape[0])
                );
                used.Add(entry.Name);
            }

            return new LoadedModel(
                new Model(config, parameters, new Traits()),
                [.. Notes(file, used)]
            );
        }
        catch
        {
            isRead = true;
            throw;
        }
        finally
        {
            if (isRead)
            {
                file.Dispose();
            }
        }
    }

    internal static ModelConfig Config(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return GgufConfig.Read(file);
    }

    static IEnumerable<string> Notes(GgufFile file, HashSet<string> used)
    {
        string[] unused = [.. file.Tensors.Select(t => t.Name).Where(n => !used.Contains(n))];
        if (unused.Length > 0)
        {
            yield return $"{unused.Length} tensors of the file are not used: {string.Join(", ", unused.Take(MostUnusedShown))}{(unused.Length > MostUnusedShown ? " …" : "")}.";
        }
    }

    static TensorEntry EntryOf(GgufFile file, GgufForm form, string name, Shape shape)
    {
        Part part = Part.Of(name);
        PartName place =
            form.NameOf(part)
            ?? throw new InvalidDataException(
                $"{file.Path}: a {form.Architecture} model in GGUF has no tensor for '{name}', which its keys ask for."
            );
        string full = place.Name + (name == part.Bias ? ".bias" : ".weight");
        long[] wanted = [.. shape.Extents.ToArray().Select(e => (long)e)];
        wanted[0] *= place.Pieces;
        return file.Find(full) is not { } entry
                ? throw new InvalidDataException(
                    $"{file.Path}: tensor '{full}' [{string.Join(", ", wanted)}] is missing; the keys of the file ask for it."
                )
            : !entry.Extents.AsSpan().SequenceEqual(wanted)
                ? throw new InvalidDataException(
                    $"{file.Path}: tensor '{full}' is [{string.Join(", ", entry.Extents)}]; the keys of the file ask for [{string.Join(", ", wanted)}]."
                )
            : entry;
    }

    static Weight WeightOf(
        GgufFile file,
        ModelConfig config,
        string name,
        TensorEntry entry,
        bool asStored
    )
    {
        Shape shape = new([.. entry.Extents.Select(e => (int)e)]);
        Part part = Part.Of(name);
        Blocks.Source read = (from, bytes) => file.Fill(entry, from, bytes);
        if (config.Family.Gguf!.IsPaired(part))
        {
            int[] rows = HeadRows.Halves(shape[0], config.HeadWidth);
            read = HeadRows.Ordered(read, rows, entry.Length / shape[0]);
        }

        if (BlockFormat.Find(entry.Type) is { } format)
        {
            if (shape.Rank != 2)
            {
                throw Refuse("is no matrix; blocks of few bits were expected in matrices alone");
            }

            CheckScales(format);
            return new Blocks(shape, format, read);
        }

        if (entry.Type is not (DType.F32 or DType.F16 or DType.BF16 or DType.F64))
        {
            throw Refuse("holds whole numbers; fractions were expected");
        }

        Tensor dense = new(shape);
        NumberFormats.Read(entry.Type, dense.Span, (from, bytes) => read(from, bytes));
        if (NumberFormats.FirstNonFinite(dense.Span) is var at and >= 0)
        {
            throw Refuse(
                $"holds {dense.Span[at]} at index {at}; the file is damaged, so fetch it again"
            );
        }

        if (!asStored || shape.Rank != 2 || entry.Type is not (DType.F16 or DType.BF16))
        {
            return dense;
        }

        ushort[] bits = new ushort[shape.Count];
        read(0, MemoryMarshal.AsBytes(bits.AsSpan()));
        return new HalfWidth(shape, bits, entry.Type);

        void CheckScales(BlockFormat format)
        {
            byte[] blocks = new byte[
                (int)Math.Min(entry.Length, AtOnce / format.Size.Numbers * format.Size.Bytes)
            ];
            for (long from = 0; from < entry.Length; from += blocks.Length)
            {
                Span<byte> part = blocks.AsSpan(
                    0,
                    (int)Math.Min(blocks.Length, entry.Length - from)
                );
                file.Fill(entry, from, part);
                for (int b = 0; b < part.Length; b += format.Size.Bytes)
                {
                    if (!format.IsFinite(part.Slice(b, format.Size.Bytes)))
                    {
                        throw Refuse(
                            $"has a scale that is NaN or infinite in block {(from + b) / format.Size.Bytes}; the file is damaged, so fetch it again"
                        );
                    }
                }
            }
        }

        InvalidDataException Refuse(string sentence) =>
            new($"{file.Path}: tensor '{entry.Name}' of {entry.Type} {shape} {sentence}.");
    }

    /// <summary>Writes a GGUF file, which appears whole or not at all.</summary>
    /// <param name="type">
    /// Of matrices: F32, F16, BF16, Q8_0 or Q4_0; null leaves each as it is stored. With Q4_0 the table of words is Q8_0 if it is the
    /// head's matrix too, as llama.cpp has it; rows that are no whole blocks are written as F16, vectors as F32.
    /// </param>
    /// <param name="words">What to say of tokenizer and origin: keys of the file that the model was read from; null: nothing.</param>
    /// <exception cref="InvalidDataException">GGUF has no form of the model.</exception>
    /// <exception cref="ArgumentException">A number is beyond what the type can hold.</exception>
    public static void Save(Model model, string path, DType? type, GgufFields? words = null)
    {
        ModelConfig config = model.Config;
        GgufWriter writer = new();
        GgufConfig.Write(writer, model);
        writer.Add("general.file_type", FileType(type));
        writer.Add("general.quantization_version", 2u);
        if (words is not null)
        {
            writer.Add(words, IsOfWords);
        }
        else
        {
            writer.Add("tokenizer.ggml.model", "none");
        }

        GgufForm form = config.Family.Gguf!;
        foreach (var tensor in model.Parameters.Names.GroupBy(name => FullName(form, name)))
        {
            Part part = Part.Of(tensor.First());
            Weight weight = Weight.Stacked([.. tensor.Select(model.Parameters.Stored)]);
            Add(
                writer,
                tensor.Key,
                weight,
                TypeOf(weight, part, config, type),
                form.IsPaired(part) ? config.HeadWidth : null
            );
        }

        writer.Write(path);
    }

    static string FullName(GgufForm form, string name)
    {
        Part part = Part.Of(name);
        return (
                form.NameOf(part)
                ?? throw new InvalidDataException(
                    $"GGUF has no name for parameter '{name}'; write the model as a folder."
                )
            ).Name + (name == part.Bias ? ".bias" : ".weight");
    }

    static bool IsOfWords(string key) =>
        key.StartsWith("tokenizer.", StringComparison.Ordinal)
        || key.StartsWith("general.", StringComparison.Ordinal)
            && key
                is not (
                    GgufConfig.ArchitectureKey
                    or "general.file_type"
                    or "general.quantization_version"
                );

    /// <summary>llama.cpp's enum llama_ftype; it is shown and decides nothing.</summary>
    static uint FileType(DType? type) =>
        type switch
        {
            DType.F16 => 1,
            DType.Q4_0 => 2,
            DType.Q8_0 => 7,
            DType.BF16 => 32,
            _ => 0,
        };

    static DType TypeOf(Weight weight, Part part, ModelConfig config, DType? type)
    {
        if (weight.Shape.Rank != 2 || part.Role == Role.Position)
        {
            return DType.F32;
        }

        DType wanted = type switch
        {
            null when weight is Blocks blocks => blocks.Type,
            null when weight is HalfWidth half => half.Type,
            null => DType.F32,
            DType.Q4_0 when part == Part.Word && config.Head is LanguageSpec { Tied: true } =>
                DType.Q8_0,
            _ => type.Value,
        };
        return weight.Columns % BlockSize.Of(wanted).Numbers == 0 ? wanted : DType.F16;
    }

    static void Add(GgufWriter writer, string name, Weight weight, DType type, int? paired)
    {
        if (weight is Blocks blocks && blocks.Type == type)
        {
            Blocks.Source read = blocks.CopyBytes;
            long row = blocks.Bytes / blocks.Rows;
            if (paired is { } width)
            {
                read = HeadRows.Ordered(read, HeadRows.Pairs(blocks.Rows, width), row);
            }

            writer.Add(
                name,
                weight.Shape,
                type,
                to =>
                {
                    byte[] bytes = new byte[row];
                    for (long from = 0; from < blocks.Bytes; from += row)
                    {
                        read(from, bytes);
                        to.Write(bytes);
                    }
                }
            );
            return;
        }

        writer.Add(
            name,
            weight.Shape,
            type,
            to =>
            {
                Tensor dense = weight.Dense();
                if (paired is { } width)
                {
                    dense = HeadRows.Ordered(dense, HeadRows.Pairs(dense.Shape[0], width));
                }

                if (BlockFormat.Find(type) is { } format)
                {
                    byte[] bytes = new byte[
                        (long)dense.Count / format.Size.Numbers * format.Size.Bytes
                    ];
                    Blocks.Of(dense, format).CopyBytes(0, bytes);
                    to.Write(bytes);
                }
                else
                {
                    NumberFormats.Write(name, dense.Span, type, to);
                }
            }
        );
    }
}
