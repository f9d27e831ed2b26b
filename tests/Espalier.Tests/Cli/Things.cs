using System.Diagnostics;
using System.Net.Sockets;

namespace Espalier.Tests.Cli;

/// <summary>What may stand where a file was expected.</summary>
static class Things
{
    public static readonly string[] Kinds =
    [
        "fifo",
        "zero",
        "random",
        "terminal",
        "socket",
        "folder",
        "nowhere",
    ];

    /// <returns>The path.</returns>
    public static string Make(string kind, string path)
    {
        switch (kind)
        {
            case "fifo":
                using (Process mkfifo = Process.Start("mkfifo", [path]))
                {
                    mkfifo.WaitForExit();
                }

                break;
            case "socket":
                // It is bound to the name until the name is removed, whoever closes it.
                using (
                    Socket socket = new(
                        AddressFamily.Unix,
                        SocketType.Stream,
                        ProtocolType.Unspecified
                    )
                )
                {
                    string near = $"/tmp/espalier-{Environment.ProcessId}-{path.GetHashCode():x}";
                    socket.Bind(new UnixDomainSocketEndPoint(near));
                    File.Move(near, path);
                }

                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            default:
                File.CreateSymbolicLink(
                    path,
                    kind switch
                    {
                        "zero" => "/dev/zero",
                        "random" => "/dev/urandom",
                        "terminal" => "/dev/ptmx",
                        _ => "gone",
                    }
                );
                break;
        }

        return path;
    }
}
