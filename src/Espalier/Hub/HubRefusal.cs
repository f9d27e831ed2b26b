using System.Net;
using Espalier.Checkpoints;

namespace Espalier.Hub;

/// <summary>What the hub's refusals mean, as one sentence each: what, why, what to do.</summary>
static class HubRefusal
{
    const string LogIn = "log in with 'hf auth login' or set HF_TOKEN";

    /// <summary>
    /// Names that are wrong are <see cref="InvalidDataException"/>s; what is not let in is a <see cref="HubException"/>. To those it
    /// does not know the hub says of a private repository, and of one that there is not, the same.
    /// </summary>
    /// <param name="hub">The address of the hub.</param>
    /// <param name="known">A token was sent.</param>
    public static Exception Of(
        HubId id,
        string? file,
        HttpResponseMessage answer,
        Uri hub,
        bool known
    )
    {
        string page = new Uri(hub, id.Page).ToString(),
            code = Header(answer, "X-Error-Code"),
            message = Header(answer, "X-Error-Message");
        HttpStatusCode status = answer.StatusCode;
        string said =
            message.Length > 0
                ? $" ({message.TrimEnd('.')})"
                : $" ({(int)status} {answer.ReasonPhrase})";
        return code switch
        {
            "RevisionNotFound" => new InvalidDataException(
                $"{id}: {page} has no revision '{id.RevisionOrMain}'; look there for branches, tags and commits."
            ),
            "EntryNotFound" => new InvalidDataException(
                $"{id}: {page} has no file '{file}' at {id.RevisionOrMain}; look there for its files."
            ),
            "GatedRepo" => new HubException(
                $"{id}: its owner wants to know who takes it; accept the conditions at {page}, then "
                    + (known ? "give the same name, with a token of that account." : $"{LogIn}.")
            ),
            _ when status == HttpStatusCode.Unauthorized && known && code != "RepoNotFound" =>
                new HubException($"{id}: the hub does not take the token{said}; {LogIn} anew."),
            _ when status is HttpStatusCode.Unauthorized || code == "RepoNotFound" =>
                new HubException(
                    $"{id}: {hub.Authority} has no such {id.What}, or it is private; check the name"
                        + (known ? " and what the token may read." : $", or {LogIn}.")
                ),
            _ when status is HttpStatusCode.NotFound => new InvalidDataException(
                $"{id}: {hub.Authority} has no such {id.What}{(file is null ? "" : $" or no file '{file}' in it")}; check the name."
            ),
            _ when status is HttpStatusCode.Forbidden => new HubException(
                $"{id}: {hub.Authority} does not allow that{said}; "
                    + (known ? "take a token with the rights for it." : $"{LogIn}.")
            ),
            _ => new HubException($"{id}: {hub.Authority} refuses{said}; check HF_ENDPOINT."),
        };
    }

    static string Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values)
            ? Printable.Escape(string.Join(' ', values))
            : "";
}
