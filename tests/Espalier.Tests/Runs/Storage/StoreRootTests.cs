using System.Text;
using System.Text.Json.Nodes;
using Espalier.Cli;
using Espalier.Runs;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Cli;

namespace Espalier.Tests.Runs.Storage;

/// <summary>What keeps finished work from gc: records of studies and actions, whole, damaged, old, or by a stranger.</summary>
public sealed class StoreRootTests : IDisposable
{
    static readonly string First = new('a', 64);
    static readonly string Second = new('b', 64);
    readonly TemporaryFolder _folder = new();
    readonly Store _store;

    public StoreRootTests()
    {
        _store = Store.Open(_folder["store"]);
        Put(First, ActionKind.Stage);
        Put(Second, ActionKind.Stage);
        Put(new string('c', 64), ActionKind.Measurements, First, Second);
        new StudyRecord("toy", "avx2", [First, Second]) { Done = [First, Second] }.Write(_store);
    }

    public void Dispose() => _folder.Dispose();

    string Record => Path.Combine(_store.Folder, "studies", "toy.avx2.json");

    [Fact]
    public void A_whole_store_verifies_and_has_no_garbage()
    {
        Assert.Contains("1 study records", Verb("verify").Succeeds().Out);
        Assert.Contains("0 files", Verb("gc").Succeeds().Out);
    }

    [Fact]
    public void Every_flipped_bit_of_a_record_is_found_and_gc_removes_nothing()
    {
        byte[] whole = File.ReadAllBytes(Record);
        for (int bit = 0; bit < 8 * (whole.Length - 1); bit++)
        {
            byte[] flipped = [.. whole];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(Record, flipped);
            Assert.True(
                StoreCare.Verify(_store, null, TestContext.Current.CancellationToken).Count > 0,
                $"bit {bit}: {Encoding.UTF8.GetString(flipped)}"
            );
            Assert.Throws<InvalidDataException>(() => StoreGarbage.Wanted(_store));
        }
    }

    [Theory]
    [InlineData("the record is damaged")]
    [InlineData("the record is a folder")]
    [InlineData("the record is something else")]
    [InlineData("the folder of records is gone")]
    [InlineData("a finished stage is gone")]
    [InlineData("a finished stage is damaged")]
    [InlineData("a blob of a finished stage is gone")]
    [InlineData("an action is of another key")]
    [InlineData("measurements are damaged")]
    [InlineData("an old record names what is not there")]
    public void Gc_refuses_and_removes_nothing_where(string what)
    {
        string blob = _store.Blobs.PathOf(_store.TryRead(new StageKey(First))!.Files[0].Sha256);
        switch (what)
        {
            case "the record is damaged":
                File.WriteAllText(Record, File.ReadAllText(Record).Replace(First[..8], "aaaaaaab"));
                break;
            case "the record is a folder":
                File.Delete(Record);
                Directory.CreateDirectory(Record);
                break;
            case "the record is something else":
                File.WriteAllText(Record, "{}");
                break;
            case "the folder of records is gone":
                Directory.Delete(Path.GetDirectoryName(Record)!, recursive: true);
                break;
            case "a finished stage is gone":
                File.Delete(_store.ActionFile(First));
                break;
            case "a finished stage is damaged":
                Flips.Flip(_store.ActionFile(First), 400);
                break;
            case "a blob of a finished stage is gone":
                File.Delete(blob);
                break;
            case "an action is of another key":
                File.Copy(_store.ActionFile(First), _store.ActionFile(new string('d', 64)));
                break;
            case "measurements are damaged":
                Flips.Flip(_store.ActionFile(new string('c', 64)), 400);
                break;
            default:
                WriteOld(First, new string('e', 64));
                break;
        }

        string[] before = Flips.Files(_store.Folder);
        foreach (
            string[] dry in (string[][])
                [
                    ["--dry-run"],
                    [],
                ]
        )
        {
            Outcome gc = CommandLine
                .Run(["store", "gc", _store.Folder, .. dry], "")
                .Refuses(ExitCode.Refused, "othing was removed");
            Assert.Single(gc.Sentences);
        }

        Assert.Equal(
            before.Where(f => !f.StartsWith("locks")),
            Flips.Files(_store.Folder).Where(f => !f.StartsWith("locks"))
        );
        if (what != "the folder of records is gone")
        {
            Verb("verify").Refuses(ExitCode.Refused);
        }
    }

    [Fact]
    public void An_old_record_whose_stages_are_there_is_believed_and_marked()
    {
        WriteOld(First, Second);
        Outcome verify = Verb("verify").Succeeds();
        Assert.Contains("carries no hash (an older Espalier wrote it)", verify.Error);
        Assert.Contains("0 files", Verb("gc").Succeeds().Out);
        WriteOld(First);
        Assert.Contains(Second, Verb("gc").Succeeds().Out);
        Assert.NotNull(_store.TryRead(new StageKey(First)));
        Assert.Null(_store.TryRead(new StageKey(Second)));
    }

    [Fact]
    public void Stages_that_a_study_has_not_made_yet_are_no_reason_to_refuse()
    {
        new StudyRecord("toy", "avx2", [First, Second, new string('e', 64)])
        {
            Done = [First, Second],
        }.Write(_store);
        Verb("verify").Succeeds();
        Assert.Contains("0 files", Verb("gc").Succeeds().Out);
    }

    /// <summary>Their own hash is right: what is wrong was so when it was written.</summary>
    [Theory]
    [InlineData("no files", "files")]
    [InlineData("no inputs", "inputs")]
    [InlineData("null files", "files")]
    [InlineData("a null file", "files[1]")]
    [InlineData("a null input", "inputs[0]")]
    [InlineData("null pipeline", "pipeline")]
    [InlineData("an unknown kind", "kind")]
    [InlineData("a negative size", "bytes")]
    [InlineData("negative seconds", "seconds")]
    [InlineData("a hash that is none", "sha256")]
    [InlineData("an input that is no key", "input")]
    [InlineData("one name twice", "name")]
    [InlineData("a stage of no file", "files")]
    [InlineData("a file without a name", "name")]
    [InlineData("an unknown field", "not an action")]
    [InlineData("a list for a body", "body")]
    public void An_action_with(string what, string named)
    {
        string path = _store.ActionFile(First);
        JsonObject body = JsonNode.Parse(File.ReadAllText(path))!["body"]!.AsObject();
        JsonArray files = body["files"]!.AsArray();
        JsonNode file = files[0]!;
        JsonNode written = body;
        switch (what)
        {
            case "no files":
                body.Remove("files");
                break;
            case "no inputs":
                body.Remove("inputs");
                break;
            case "null files":
                body["files"] = null;
                break;
            case "a null file":
                files.Add((JsonNode?)null);
                break;
            case "a null input":
                body["inputs"] = new JsonArray((JsonNode?)null);
                break;
            case "null pipeline":
                body["pipeline"] = null;
                break;
            case "an unknown kind":
                body["kind"] = 7;
                break;
            case "a negative size":
                file["bytes"] = -1;
                break;
            case "negative seconds":
                body["seconds"] = -1;
                break;
            case "a hash that is none":
                file["sha256"] = "../../outside";
                break;
            case "an input that is no key":
                body["inputs"] = new JsonArray("x");
                break;
            case "one name twice":
                files.Add(file.DeepClone());
                break;
            case "a stage of no file":
                files.Clear();
                break;
            case "a file without a name":
                file.AsObject().Remove("name");
                break;
            case "an unknown field":
                body["strange"] = 1;
                break;
            default:
                written = new JsonArray();
                break;
        }

        string text = written.ToJsonString();
        File.WriteAllText(
            path,
            $$"""{"body":{{text}},"sha256":"{{Blobs.Hash(Encoding.UTF8.GetBytes(text))}}"}"""
        );
        Verb("verify").Refuses(ExitCode.Refused, path, named);
        Verb("gc").Refuses(ExitCode.Refused, "othing was removed");
        File.Delete(Record);
        Verb("gc").Refuses(ExitCode.Refused, path, named, "nothing was removed");
        Verb("ls").Succeeds();
        Assert.Null(_store.TryRead(new StageKey(First)));
    }

    Outcome Verb(string verb)
    {
        Outcome outcome = CommandLine.Run("store", verb, _store.Folder);

        // What was read is told beside what is wrong with it.
        return verb == "verify" && outcome.Code != ExitCode.Ok
            ? outcome with
            {
                Out = "",
            }
            : outcome;
    }

    void WriteOld(params string[] keys) =>
        File.WriteAllText(
            Record,
            $$"""{"version":1,"name":"toy","kernels":"avx2","stages":["{{string.Join("\",\"", keys)}}"]}"""
        );

    void Put(string key, ActionKind kind, params string[] inputs) =>
        _store.Put(
            new StoredAction
            {
                Kind = kind,
                Key = key,
                Pipeline = "O",
                Task = "toy",
                Seed = 1,
                Inputs = inputs,
            },
            folder => File.WriteAllText(Path.Combine(folder, "a"), key)
        );
}
