using System.Net;
using System.Security.Cryptography;
using System.Text;
using Espalier.Checkpoints;
using Espalier.Server.Api;
using Microsoft.AspNetCore.Http;

namespace Espalier.Server;

/// <summary>Who may ask: whoever brings the key, or, where there is none, programs of this machine.</summary>
sealed class Gate(ServerOptions options)
{
    const string Scheme = "Bearer ";

    // Hashes have one length, so comparing them tells nothing of the key's.
    readonly byte[]? _key = options.Key is { } key ? Hash(key) : null;

    /// <exception cref="Refusal">The request may not be answered.</exception>
    public void Check(HttpRequest request)
    {
        if (_key is null)
        {
            CheckHost(request);
            return;
        }

        string brought = request.Headers.Authorization.ToString();
        if (
            !brought.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            || !CryptographicOperations.FixedTimeEquals(Hash(brought[Scheme.Length..].Trim()), _key)
        )
        {
            throw new Refusal(
                401,
                "The server's key was not brought; send it as 'Authorization: Bearer KEY'."
            )
            {
                Code = "invalid_api_key",
            };
        }
    }

    /// <summary>A page of the web can call this machine by a name that its owner lets point here.</summary>
    static void CheckHost(HttpRequest request)
    {
        string host = request.Host.Host.Trim('[', ']');
        bool ours =
            host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address);
        if (!ours)
        {
            throw new Refusal(
                403,
                $"The request was sent to '{Printable.Escape(host)}'; this server is called localhost or {IPAddress.Loopback}."
            );
        }
    }

    static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
