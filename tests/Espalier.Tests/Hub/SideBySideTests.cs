using System.Collections.Concurrent;
using Espalier.Data;
using Espalier.Hub;
using Microsoft.AspNetCore.Http;

namespace Espalier.Tests.Hub;

/// <summary>Several large files of one data set.</summary>
public sealed class SideBySideTests : IAsyncLifetime
{
    const string Id = "hf://datasets/some-owner/data";
    static readonly TimeSpan Long = TimeSpan.FromMinutes(2);
    static readonly string[] Names = ["train-0.parquet", "train-1.parquet", "train-2.parquet"];

    HubPlace _place = null!;
    FakeRepository _data = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await HubPlace.Make();
        _data = _place.Hub.Repositories["datasets/some-owner/data"] = new();
        for (int i = 0; i < Names.Length; i++)
        {
            _data.Files[Names[i]] = [.. Enumerable.Repeat((byte)i, 100_000 * (i + 1))];
        }

        _data.Files["README.md"] = "small"u8.ToArray();
    }

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public void Eight_files_come_side_by_side_small_ones_first_with_one_progress()
    {
        const int atOnce = 8;
        for (int i = Names.Length; i < 2 * atOnce; i++)
        {
            _data.Files[$"train-{i}.parquet"] = [.. Enumerable.Repeat((byte)i, 100_000 + i)];
        }

        // Begun behind eight others, the small file would never be asked for.
        int begun = 0;
        _place.Hub.Instead(
            2 * atOnce,
            r => r.Path.Value!.StartsWith("/blob/"),
            async context =>
            {
                Interlocked.Increment(ref begun);
                await Until(() => begun >= atOnce && _place.Hub.Count("GET", "README.md") == 1);
                await FakeHub.Send(context, _data.Files[NameOf(context)]);
            }
        );
        ConcurrentQueue<HubProgress> heard = [];
        string folder = DataPlace.Download(
            Id,
            _place.Stoppable(CancellationToken.None, heard.Enqueue)
        );
        Assert.All(
            _data.Files,
            f => Assert.Equal(f.Value, File.ReadAllBytes(Path.Combine(folder, f.Key)))
        );
        long total = _data.Files.Values.Sum(f => (long)f.Length);
        Assert.All(heard, p => Assert.Equal(("17 files", total), (p.What, p.Total)));
        Assert.Equal(heard.Select(p => p.Done).Order(), heard.Select(p => p.Done));
        Assert.Equal(total, heard.Last().Done);
    }

    [Fact]
    public async Task What_is_broken_off_shows_no_snapshot_and_keeps_what_came()
    {
        using CancellationTokenSource stop = new();
        string repository = Path.Combine(_place.Cache, "datasets--some-owner--data"),
            snapshot = Path.Combine(repository, "snapshots", FakeRepository.Commit),
            part = Blob(Names[2]) + ".incomplete";
        _place.Hub.Instead(
            1,
            r => r.Path.Value!.EndsWith(Names[2]) && r.Path.Value.StartsWith("/blob/"),
            async context =>
            {
                byte[] content = _data.Files[Names[2]];
                context.Response.ContentLength = content.Length;
                await context.Response.Body.WriteAsync(content.AsMemory(0, 4096));
                await context.Response.Body.FlushAsync();
                await Until(() => File.Exists(part) && new FileInfo(part).Length == 4096);
                await Until(() => File.Exists(Blob(Names[0])) && File.Exists(Blob(Names[1])));
                await stop.CancelAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Task.Run(() => DataPlace.Download(Id, _place.Stoppable(stop.Token)))
        );
        Assert.Empty(Directory.EnumerateFileSystemEntries(snapshot));

        Assert.Equal(snapshot, DataPlace.Download(Id, _place.Client()));
        Assert.Equal(4, Directory.EnumerateFiles(snapshot).Count());
        Assert.Equal(4, _place.Hub.Asked.Count(a => a.IsStorage));
        Assert.Equal("bytes=4096-", _place.Hub.Asked.Last(a => a.IsStorage).Range);
    }

    [Fact]
    public void The_first_that_fails_ends_the_others()
    {
        int begun = 0;
        using CountdownEvent ended = new(Names.Length - 1);
        _place.Hub.Instead(
            Names.Length,
            r => r.Path.Value!.StartsWith("/blob/"),
            async context =>
            {
                byte[] content = [.. _data.Files[NameOf(context)]];
                context.Response.ContentLength = content.Length;
                Interlocked.Increment(ref begun);
                await Until(() => begun == Names.Length);
                if (NameOf(context) == Names[1])
                {
                    content[0] ^= 1;
                    await context.Response.Body.WriteAsync(content);
                    return;
                }

                await context.Response.Body.WriteAsync(content.AsMemory(0, 10));
                await context.Response.Body.FlushAsync();
                context.RequestAborted.Register(() => ended.Signal());
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
        );
        string sentence = Assert
            .Throws<InvalidDataException>(() => DataPlace.Download(Id, _place.Client()))
            .Message;
        Assert.Contains($"{Names[1]}: what came has the hash", sentence);
        Assert.True(ended.Wait(Long, TestContext.Current.CancellationToken));
        Assert.DoesNotContain(_place.Layout(), f => f.Contains("/snapshots/"));
    }

    [Fact]
    public void Without_links_files_with_the_same_bytes_are_all_there()
    {
        _place.Variables["HF_HUB_DISABLE_SYMLINKS"] = "1";
        _data.Files["copy.parquet"] = _data.Files[Names[0]];
        string folder = DataPlace.Download(Id, _place.Client());
        Assert.All(
            _data.Files,
            f => Assert.Equal(f.Value, File.ReadAllBytes(Path.Combine(folder, f.Key)))
        );
        Assert.Empty(_place.Told);
    }

    string Blob(string file) =>
        Path.Combine(
            _place.Cache,
            "datasets--some-owner--data",
            "blobs",
            FakeRepository.Hash(file, _data.Files[file])
        );

    static string NameOf(HttpContext context) => Path.GetFileName(context.Request.Path.Value!);

    static async Task Until(Func<bool> isSo)
    {
        for (int attempt = 0; !isSo(); attempt++)
        {
            Assert.True(attempt < 12_000, "two minutes are over");
            await Task.Delay(10);
        }
    }
}
