using System.Collections.Concurrent;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tensors;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Runs.Storage;

/// <summary>
/// One flipped bit in any file of a store that holds finished stages, measurements, a study's record and a training to
/// go on with: found, or harmless; never other bytes, and never a finished stage that gc takes for garbage.
/// </summary>
public sealed class FlippedStoreTests : IDisposable
{
    readonly ToyStudy _toy = new();
    readonly string[] _whole;
    string? _judged;
    int _copies;

    public FlippedStoreTests()
    {
        _toy.Run(_toy.Open(_toy.Write("""["EL"]""", "[1]"), "base"));
        string recipe = _toy.Write("""["EL","P"]""", "[1]");
        using CancellationTokenSource stop = new();
        StopAt clock = new("P", 5, stop);
        StudyListener listener = new() { Stage = (stage, _) => clock.Begin($"{stage.Pipeline}") };
        Study study = _toy.Open(recipe, "base", time: clock);
        Assert.Throws<OperationCanceledException>(() =>
            study.Run(study.Here(1, _toy.Turn), _toy.Turn, listener, stop.Token)
        );
        Assert.Single(StoreCare.Trainings(study.Store));
        Assert.Empty(StoreCare.Verify(study.Store, null, Token));
        Assert.Empty(StoreGarbage.Unreachable(study.Store, StoreGarbage.Wanted(study.Store)).Files);
        _whole = _toy.Make(_toy.Open(recipe, "whole"));
    }

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void A_flipped_bit_in_any_file_of_a_store_is_found_or_harmless()
    {
        Rng rng = new(1010);
        ulong drawn = 0;
        foreach (string file in Flips.Files(_toy["base"]).Where(IsContent))
        {
            long bits = 8 * new FileInfo(Path.Combine(_toy["base"], file)).Length;
            for (int i = 0; i < (IsRoot(file) ? 4 : 2); i++)
            {
                Judge(file, (long)(bits * rng.Uniform(drawn++)), resume: true);
            }
        }
    }

    [Fact]
    [Trait("tier", "slow")]
    public void A_flipped_bit_in_any_third_byte_of_what_names_other_files_is_found_or_harmless()
    {
        Rng rng = new(1011);
        ulong drawn = 0;
        foreach (
            string file in Flips
                .Files(_toy["base"])
                .Where(f => IsContent(f) && (IsRoot(f) || f.StartsWith("actions")))
        )
        {
            long length = new FileInfo(Path.Combine(_toy["base"], file)).Length;
            for (long at = 0; at < length; at += 3)
            {
                Judge(file, 8 * at + rng.Below(8, drawn++), resume: drawn % 40 == 0);
            }
        }
    }

    [Fact]
    public void A_saved_training_that_is_not_whole_is_told_and_started_over()
    {
        foreach (string how in (string[])["cut", "empty", "of another", "without its hash"])
        {
            string name = Copy();
            string file = Assert.Single(StoreCare.Trainings(Store.Open(_toy[name])));
            byte[] bytes = File.ReadAllBytes(file);
            byte[] damaged = how switch
            {
                "cut" => bytes[..^100],
                "empty" => [],
                "of another" => Replaced(bytes, "\"key\":\"", "\"key\":\"f"),
                _ => Replaced(bytes, "\"sha256\":", "\"sha25x\":"),
            };
            File.WriteAllBytes(file, damaged);
            ConcurrentBag<string> notes = [];
            Assert.Equal(_whole, _toy.Make(_toy.Open(_toy["recipe.json"], name), notes.Add));
            string note = Assert.Single(notes, n => n.Contains("starts over"));
            Assert.Contains(file, note);
        }
    }

    [Fact]
    public void Damaged_measurements_are_told_and_taken_again()
    {
        string recipe = _toy.Write("""["EL"]""", "[1]");
        foreach (string folder in (string[])["actions", "blobs"])
        {
            string name = Copy();
            Study study = _toy.Open(recipe, name);
            string[] before = ToyStudy.Results(study);
            StoredAction measured = study
                .Store.Actions()
                .Single(a => a.Kind == ActionKind.Measurements);
            string file =
                folder == "actions"
                    ? study.Store.ActionFile(measured.Key)
                    : study.Store.Blobs.PathOf(measured.Files[0].Sha256);
            Flips.Flip(file, 4 * new FileInfo(file).Length);
            List<string> notes = [];
            study = _toy.Open(recipe, name);
            _toy.Run(study, new StudyListener { Note = notes.Add });
            Assert.Contains(
                notes,
                n => n.StartsWith("What was measured of toy, seed 1, was damaged")
            );
            Assert.Equal(before, ToyStudy.Results(study));
        }
    }

    [Fact]
    public void A_file_put_in_the_place_of_a_link_is_found_and_never_loaded()
    {
        string name = Copy();
        Study study = _toy.Open(_toy["recipe.json"], name);
        StoredAction stage = study.Store.TryRead(study.Plan.Stages[0].Key)!;
        string folder = study.Store.ModelFolder(stage);
        string config = Path.Combine(folder, "config.json");
        string text = File.ReadAllText(config);
        File.Delete(config);
        File.WriteAllText(config, text.Replace("\"gelu\"", "\"relu\""));
        File.WriteAllText(Path.Combine(folder, "added_tokens.json"), """{"strange": 99}""");
        Assert.Contains(StoreCare.Verify(study.Store, null, Token), p => p.StartsWith(config));
        Assert.Equal(_whole, _toy.Make(study));
        Assert.Equal(
            text,
            File.ReadAllText(Path.Combine(study.Store.ModelFolder(stage), "config.json"))
        );
    }

    /// <summary>What is not gone on from is as it was when the bit is flipped back, so that one copy serves many bits.</summary>
    void Judge(string file, long bit, bool resume)
    {
        string name = resume ? Copy() : _judged ??= Copy(),
            where = $"bit {bit} of {file}";
        Flips.Flip(Path.Combine(_toy[name], file), bit);
        Store store;
        try
        {
            store = Store.Open(_toy[name]);
        }
        catch (InvalidDataException)
        {
            Assert.Equal("FORMAT", file);
            return;
        }

        IReadOnlyList<string> problems = StoreCare.Verify(store, null, Token);
        string[] before = Flips.Files(_toy[name]);
        try
        {
            StoreGarbage.Remove(
                store,
                () => StoreGarbage.Unreachable(store, StoreGarbage.Wanted(store)),
                _ => { }
            );
        }
        catch (InvalidDataException)
        {
            Assert.True(problems.Count > 0, $"{where}: gc refuses, verify finds nothing");
        }

        Assert.Equal(before.Where(IsContent), Flips.Files(_toy[name]).Where(IsContent));
        if (resume)
        {
            ConcurrentBag<string> notes = [];
            Assert.True(
                _whole.SequenceEqual(_toy.Make(_toy.Open(_toy["recipe.json"], name), notes.Add)),
                $"{where}: other bytes"
            );
            Assert.True(
                problems.Count == 0
                    || !notes.IsEmpty
                    || IsRoot(file)
                    || IsOfMeasurements(store, file),
                $"{where}: no word of {string.Join(' ', problems)}"
            );
            Directory.Delete(_toy[name], recursive: true);
        }
        else
        {
            Flips.Flip(Path.Combine(_toy[name], file), bit);
        }
    }

    /// <summary>What a study's record is: nothing reads it to make stages, it is written anew.</summary>
    static bool IsRoot(string file) => file.StartsWith("studies", StringComparison.Ordinal);

    bool IsOfMeasurements(Store store, string file)
    {
        StoredAction measured = Store
            .Open(_toy["base"])
            .Actions()
            .Single(a => a.Kind == ActionKind.Measurements);
        string[] its =
        [
            store.ActionFile(measured.Key),
            .. measured.Files.Select(f => store.Blobs.PathOf(f.Sha256)),
        ];
        return its.Contains(Path.Combine(store.Folder, file));
    }

    static bool IsContent(string file) => !file.StartsWith("locks", StringComparison.Ordinal);

    string Copy()
    {
        string name = $"copy-{_copies++}";
        Flips.Copy(_toy["base"], _toy[name]);
        return name;
    }

    /// <summary>With as many bytes: what follows gives way.</summary>
    static byte[] Replaced(byte[] bytes, string what, string with)
    {
        byte[] copy = [.. bytes];
        int at = copy.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(what));
        System.Text.Encoding.ASCII.GetBytes(with).CopyTo(copy, at);
        return copy;
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;
}
