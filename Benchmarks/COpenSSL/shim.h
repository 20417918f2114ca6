// The C border of the TLS module: OpenSSL, and what of it are macros or takes any number of
// arguments, which Swift can't call.
#ifndef CULVERT_COPENSSL_SHIM_H
#define CULVERT_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

// TLS 1.2 or later, no sessions to be resumed, and no memory of an idle connection that can be had
// back. 1 if it went well.
static inline int cl_set_up(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    return SSL_CTX_set_num_tickets(context, 0)
        && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

// A certificate of `key` for `name`, signed by itself and valid for a day; NULL if that failed.
static inline X509 *cl_sign_oneself(EVP_PKEY *key, const char *name) {
    X509 *certificate = X509_new();
    if (certificate == NULL) return NULL;
    X509_NAME *subject = X509_get_subject_name(certificate);
    int is_made = X509_set_version(certificate, X509_VERSION_3)
        && ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1)
        && X509_gmtime_adj(X509_getm_notBefore(certificate), -60)
        && X509_gmtime_adj(X509_getm_notAfter(certificate), 86400)
        && X509_NAME_add_entry_by_txt(
            subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0)
        && X509_set_issuer_name(certificate, subject)
        && X509_set_pubkey(certificate, key)
        && X509_sign(certificate, key, EVP_sha256()) > 0;
    if (is_made) return certificate;
    X509_free(certificate);
    return NULL;
}

static inline EVP_PKEY *cl_make_key(void) { return EVP_EC_gen("P-256"); }

// Bytes that wait in a memory BIO.
static inline size_t cl_pending(BIO *bio) { return BIO_ctrl_pending(bio); }

#endif
