using Espalier.Checkpoints;

namespace Espalier.Tests.Checkpoints;

public sealed class ContentHashTests
{
    [Fact]
    public void The_hash_of_a_file_is_the_SHA256_of_its_bytes()
    {
        using TemporaryFolder folder = new();
        Assert.Equal(
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ContentHash.OfFile(folder.Write("abc", "abc"))
        );
        Assert.Equal(
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ContentHash.OfFile(folder.Write("empty", ""))
        );
        Assert.Equal(
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
            ContentHash.OfFile(folder.Write("million", new string('a', 1_000_000)))
        );
    }

    [Fact]
    public void The_hash_of_a_folder_sees_names_contents_and_borders_and_not_its_own_name()
    {
        using TemporaryFolder folder = new();
        string Of(params (string Name, string Content)[] files)
        {
            string path = folder[$"{folder.Names().Count()}"];
            foreach (var (name, content) in files)
            {
                string file = Path.Combine(path, name);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllText(file, content);
            }

            return ContentHash.OfFolder(path);
        }

        string hash = Of(("a", "1"), ("sub/b", "2"));
        Assert.Equal(hash, Of(("sub/b", "2"), ("a", "1")));
        Assert.NotEqual(hash, Of(("a", "1"), ("sub/b", "3")));
        Assert.NotEqual(hash, Of(("a", "1"), ("sub/c", "2")));
        Assert.NotEqual(hash, Of(("a", "1"), ("sub", "2")));
        Assert.NotEqual(hash, Of(("a", "1")));
    }

    [Fact]
    public void What_is_no_file_is_refused()
    {
        using TemporaryFolder folder = new();
        Assert.Throws<InvalidDataException>(() => ContentHash.OfFile(folder["none"]));
        Assert.Throws<InvalidDataException>(() => ContentHash.OfFile(folder.Path));
        Assert.Throws<InvalidDataException>(() => ContentHash.OfFolder(folder["none"]));
        if (!OperatingSystem.IsWindows())
        {
            File.CreateSymbolicLink(folder["circle"], folder.Path);
            Assert.Contains(
                "circle",
                Assert.Throws<InvalidDataException>(() => ContentHash.OfFolder(folder.Path)).Message
            );
        }
    }
}
