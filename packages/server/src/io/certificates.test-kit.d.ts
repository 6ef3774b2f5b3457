/**
 * Certificates for tests, made on the spot with nothing but Node: an authority, and what it signs.
 * X.509 version 3 with elliptic curve keys (RFC 5280), as much of it as these tests need.
 */
/** One value of DER. */
export declare function der(tag: number, ...contents: readonly Uint8Array[]): Buffer;
export declare function derOid(text: string): Buffer;
/** Attributes as (type, value), one to an RDN, values as UTF8String. */
export type Subject = readonly (readonly [type: string, value: string])[];
export declare function derName(subject: Subject): Buffer;
export declare const CN = "2.5.4.3";
export interface Wanted {
    readonly subject: Subject;
    readonly dnsNames?: readonly string[];
    readonly ips?: readonly string[];
    /** From when and until when it is good, days from now. */
    readonly days?: readonly [number, number];
}
export declare class Authority {
    #private;
    constructor(name?: string);
    /** Its certificate, PEM. */
    get pem(): string;
    /** Private key and certificate in one PEM text; the key is encrypted when there is a password. */
    issue(wanted: Wanted, password?: string): string;
}
/** Written to a file of its own below the directory; returns its name. */
export declare function writePem(directory: string, name: string, text: string): string;
