#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/random.h>

// libzmq (up to 4.3.5) ends the process when the accepting end of a CURVE connection answers with a session key
// of small order, such as zeros: it asserts that crypto_box_beforenm accepts the key (curve_client_tools.hpp).
// Whoever has a key that is trusted could end this process that way. So libzmq finds this function before
// libsodium's. It does the same, but makes up the secret of a key that is refused: nobody else knows it,
// so that the handshake fails, as it should.
//
// It is weak, so that libsodium's own counts where that is linked statically. Then, and on other systems, libzmq is
// as it is.
__attribute__ ((weak)) int crypto_box_beforenm (unsigned char *k, const unsigned char *pk, const unsigned char *sk)
{
    static int (*libsodium) (unsigned char *, const unsigned char *, const unsigned char *);
    if (!libsodium)
        libsodium = (int (*) (unsigned char *, const unsigned char *, const unsigned char *)) dlsym (RTLD_NEXT, "crypto_box_beforenm");
    if (libsodium && libsodium (k, pk, sk) == 0)
        return 0;
    return getrandom (k, 32, 0) == 32 ? 0 : -1;
}
