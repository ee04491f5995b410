package org.hatask.campaign.app;

/** A write did not happen: an error of the application, for whoever called. */
class RegisterException extends RuntimeException {

    RegisterException(String message, Throwable cause) {
        super(message, cause);
    }
}
