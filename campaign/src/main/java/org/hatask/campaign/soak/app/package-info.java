/** The application of the soak's nodes. */
package org.hatask.campaign.soak.app;
