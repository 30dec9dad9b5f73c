"""Vector oblivious linear evaluation between two parties: COPEe, and silent VOLE from trees and a code."""
